//! The compiler, checker, differ and local gateway for Azure API Management policies that fail over between Azure OpenAI regions.
//!
//! Data flows one way: text -> model -> program -> effects -> report. A folder is a room with one subject; a room imports only
//! from rooms below it (`tests/layers.rs` holds them to it). From the top:

pub mod cli;
pub mod report;
pub mod diff;
pub mod check;
pub mod live;
pub mod virtual_time;
pub mod traffic;
pub mod scenario;
pub mod world;
pub mod azure;
pub mod service;
pub mod gateway;
pub mod generate;
pub mod spec;
pub mod policy;
pub mod expression;
pub mod dotnet;
pub mod csharp;
pub mod xml;
pub mod diagnostic;
pub mod environment;
pub mod http;
pub mod source;
pub mod text;
pub mod tokens;
