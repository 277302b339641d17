//! The compiler, checker, differ and local gateway for Azure API Management policies that fail over between Azure OpenAI regions.
//!
//! Data flows one way: text -> model -> program -> effects -> report. A folder is a room with one subject; a room imports only
//! from rooms below it (`tests/layers.rs` holds them to it). From the top:

pub mod azure;
pub mod cli;
pub mod csharp;
pub mod diagnostic;
pub mod diff;
pub mod dotnet;
pub mod environment;
pub mod expression;
pub mod gateway;
pub mod generate;
pub mod http;
pub mod live;
pub mod policy;
pub mod report;
pub mod source;
pub mod spec;
pub mod text;
pub mod xml;
