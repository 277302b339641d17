//! Why a pattern or a search came to nothing.

use crate::dotnet::exception::BudgetSpent;

/// What a pattern or a search may end with instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The pattern is none: the message of .NET's `RegexParseException`.
    Syntax(String),
    /// What the evaluation may spend is spent.
    Spent(BudgetSpent),
}

impl Fault {
    /// .NET's words for a place of a pattern. Source: dotnet/runtime, System.Text.RegularExpressions/src/Resources/Strings.resx, `MakeException`.
    pub fn syntax(pattern: &[u16], offset: usize, message: &str) -> Self {
        Self::Syntax(format!("Invalid pattern '{}' at offset {offset}. {message}", String::from_utf16_lossy(pattern)))
    }
}

/// What a search may spend: steps and bytes that are taken from the evaluation's budget.
#[derive(Clone, Copy, Debug)]
pub struct Fuel {
    /// Steps of matching.
    pub steps: u64,
    /// Bytes of the backtracking stack.
    pub memory: u64,
}

impl Fuel {
    /// Spends steps.
    #[inline]
    pub fn burn(&mut self, steps: usize) -> Result<(), Fault> {
        self.steps = self.steps.checked_sub(steps as u64).ok_or(Fault::Spent(BudgetSpent::Steps))?;
        Ok(())
    }

    /// Spends bytes before they are allocated.
    pub fn allocate(&mut self, bytes: usize) -> Result<(), Fault> {
        self.memory = self.memory.checked_sub(bytes as u64).ok_or(Fault::Spent(BudgetSpent::Memory))?;
        Ok(())
    }
}
