//! Policy documents compiled: elements, Named Values, fragments and scopes become one [`Program`] that the gateway runs.
//!
//! One file a policy in `elements/`; the gateway runs it in the file of the same name in `gateway/execute/`.

pub mod catalogue;
pub mod coverage;
pub mod elements;
mod examine;
mod lowering;
mod named_values;
mod program;
mod raw;
mod series;
mod settings;

pub use elements::Policy;
pub use examine::{STAND_INS, examine, likeliest};
pub use lowering::{Chain, Resources, compile, compile_chain, compile_fragment};
pub use named_values::{LONGEST_VALUE, faults_of_value, references};
pub use program::{Block, BlockId, Place, Program, Scope, Section, Setting, Statement};
