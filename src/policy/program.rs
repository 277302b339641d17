//! A compiled policy: blocks of statements, typed and with every expression bound.

use serde::{Deserialize, Serialize};

use crate::{diagnostic::Diagnostic, expression, http::FieldName, source::Span, text::Text};

use super::{coverage::Counts, elements::Policy};

/// The four sections of a document.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Before the backend.
    Inbound,
    /// The call of the backend.
    Backend,
    /// After the backend.
    Outbound,
    /// After an error in one of the others.
    OnError,
}

impl Section {
    /// All of them in the order of a document.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Backend, Self::Outbound, Self::OnError];

    /// Whether its policies work on the response.
    pub fn is_on_response(self) -> bool {
        matches!(self, Self::Outbound | Self::OnError)
    }

    /// The element's name, which is also `context.LastError.Section`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Backend => "backend",
            Self::Outbound => "outbound",
            Self::OnError => "on-error",
        }
    }
}

/// Where a document holds, from the broadest to the narrowest.
/// Source: learn.microsoft.com/azure/api-management/api-management-howto-policies (scopes).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All APIs of the service.
    Global,
    /// All APIs of a workspace.
    Workspace,
    /// Calls with a subscription of the product.
    Product,
    /// All operations of an API.
    #[default]
    Api,
    /// One operation.
    Operation,
}

impl Scope {
    /// The word for it, which is also `context.LastError.Scope`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Workspace => "workspace",
            Self::Product => "product",
            Self::Api => "api",
            Self::Operation => "operation",
        }
    }
}

/// The place of a block in [`Program::blocks`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlockId(pub u32);

/// Statements that run one after the other.
#[derive(Debug, Default)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
}

/// One policy where it stands.
#[derive(Debug)]
pub struct Statement {
    /// What it does.
    pub policy: Policy,
    /// Where it stands.
    pub place: Place,
    /// Whether one of its own expressions may read a message's body.
    pub reads_body: bool,
    /// Whether it does the same for every request that is the same, as far as one can tell beforehand: its expressions look at nothing else
    /// ([`expression::Looks`]), and it changes nothing that is not the request's own and asks nobody else; a cache may be asked.
    pub is_narrow: bool,
    /// The assignments that it begins, where those are remembered together.
    pub series: Option<Box<expression::Series>>,
}

/// Where a statement stands: what `context.LastError` says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The element's name.
    pub element: Text,
    /// The nesting below the section: `choose[3]\when[2]`, an index only where several of a name stand side by side.
    pub path: Text,
    /// The `id` attribute.
    pub id: Text,
    /// The scope of its document.
    pub scope: Scope,
    /// The name of the document.
    pub document: Text,
    /// The line that the element begins in, from 1.
    pub line: u32,
    /// The element in its document.
    pub span: Span,
}

/// The value of an attribute or a text: known at compile time, or computed for each request.
#[derive(Debug)]
pub enum Setting<T> {
    /// A constant.
    Literal(T),
    /// A bound expression.
    Expression(Box<expression::Program>),
}

impl<T> Setting<T> {
    /// Whether computing it may read a message's body.
    pub fn reads_body(&self) -> bool {
        matches!(self, Self::Expression(program) if program.reads_body())
    }
}

/// A compiled policy document with everything that it includes. The default one does nothing.
#[derive(Debug, Default)]
pub struct Program {
    /// All blocks.
    pub blocks: Vec<Block>,
    /// The block of each section, in the order of [`Section::ALL`].
    pub sections: [BlockId; 4],
    /// What the service would take on upload and is probably wrong all the same.
    pub warnings: Vec<Diagnostic>,
    /// The header fields of the request that its expressions name.
    pub looked_at: Vec<FieldName>,
    /// How often each part of it has run, where that is counted.
    pub counts: Counts,
}

impl Program {
    /// A block; the empty one where the id is of another program.
    pub fn block(&self, id: BlockId) -> &[Statement] {
        self.blocks.get(id.0 as usize).map_or(&[], |block| &block.statements)
    }

    /// Where the first policy of a section stands for which `wanted` holds: block and number of each statement on the way to it, through
    /// the branches of `choose`.
    pub fn find(&self, section: Section, wanted: fn(&Policy) -> bool) -> Option<Vec<(BlockId, usize)>> {
        let mut way = Vec::new();
        self.find_in(self.section(section), wanted, &mut way).then_some(way)
    }

    fn find_in(&self, block: BlockId, wanted: fn(&Policy) -> bool, way: &mut Vec<(BlockId, usize)>) -> bool {
        for (number, statement) in self.block(block).iter().enumerate() {
            way.push((block, number));
            if wanted(&statement.policy) {
                return true;
            }
            if let Policy::Choose(choose) = &statement.policy
                && choose.whens.iter().map(|(_, inner)| inner).chain(&choose.otherwise).any(|inner| self.find_in(*inner, wanted, way))
            {
                return true;
            }
            way.pop();
        }
        false
    }

    /// The block of a section.
    pub fn section(&self, section: Section) -> BlockId {
        let [inbound, backend, outbound, on_error] = self.sections;
        match section {
            Section::Inbound => inbound,
            Section::Backend => backend,
            Section::Outbound => outbound,
            Section::OnError => on_error,
        }
    }
}
