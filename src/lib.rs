//! x
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
