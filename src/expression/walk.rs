//! The parts of nodes and steps, for whoever looks through a whole expression.

use super::program::{Body, Function, Node, Piece, Step};

impl Function {
    /// Shows every node that stands directly in it.
    pub(super) fn nodes(&self, see: &mut dyn FnMut(&Node)) {
        match &self.body {
            Body::Expression(node) => see(node),
            Body::Block(steps) => steps.iter().for_each(|step| step.nodes(see)),
        }
    }
}

impl Node {
    /// Shows the nodes that it is made of, those of a lambda's body among them.
    pub(super) fn parts(&self, see: &mut dyn FnMut(&Node)) {
        match self {
            Self::Constant(_)
            | Self::Local(_)
            | Self::Cell(_)
            | Self::Variable(_)
            | Self::HeaderOr(_)
            | Self::Text(_)
            | Self::TypeOf(_) => {}
            Self::Closure(function, ..) => function.nodes(see),
            Self::Assign(_, node)
            | Self::Declare(_, node)
            | Self::Property(_, node)
            | Self::Not(node)
            | Self::Negate(_, _, node)
            | Self::Complement(_, node)
            | Self::Convert(_, node)
            | Self::Is(_, node)
            | Self::As(_, node)
            | Self::NewArraySized(_, node)
            | Self::Field(node, _)
            | Self::Throw(node) => see(node),
            Self::Element(left, right)
            | Self::Arithmetic(.., left, right)
            | Self::Compare(_, left, right)
            | Self::Equal(left, right, _)
            | Self::Same(left, right, _)
            | Self::And(left, right)
            | Self::Or(left, right)
            | Self::Logic(_, left, right)
            | Self::ThreeValued(_, left, right)
            | Self::Coalesce(left, right)
            | Self::WhenNotNull(left, _, right)
            | Self::WithField(left, _, right) => {
                see(left);
                see(right);
            }
            Self::Call(call) => call.arguments.iter().for_each(see),
            Self::VariableOr(variable) => see(&variable.default),
            Self::Invoke(node, nodes) | Self::GridElement(node, nodes) => {
                see(node);
                nodes.iter().for_each(see);
            }
            Self::MethodGroup(group) => group.receiver.iter().for_each(see),
            Self::SetElement(nodes) | Self::Conditional(nodes) => nodes.iter().for_each(see),
            Self::SetGridElement(grid, indices, value) => {
                see(grid);
                indices.iter().for_each(&mut *see);
                see(value);
            }
            Self::Lifted(operands, operation) => {
                operands.iter().for_each(|(operand, _)| see(operand));
                see(operation);
            }
            Self::Concat(nodes) | Self::NewArray(_, nodes) | Self::NewRecord(_, nodes) | Self::Sequence(nodes) => {
                nodes.iter().for_each(see)
            }
            Self::NewGrid(_, lengths, items) => lengths.iter().chain(items.iter().flatten()).for_each(see),
            Self::Interpolate(pieces) => pieces.iter().for_each(|piece| match piece {
                Piece::Text(_) => {}
                Piece::Hole { value, .. } => see(value),
            }),
        }
    }
}

impl Step {
    /// Shows every node in it.
    fn nodes(&self, see: &mut dyn FnMut(&Node)) {
        match self {
            Self::Break | Self::Continue | Self::Goto(_) | Self::Label(_) | Self::Rethrow | Self::Nothing => {}
            Self::Evaluate(node) | Self::Throw(node) => see(node),
            Self::Return(node) => node.iter().for_each(see),
            Self::Block(steps) => steps.iter().for_each(|step| step.nodes(see)),
            Self::Hoist(_, functions) => functions.iter().for_each(|(_, node)| see(node)),
            Self::If(condition, then, otherwise) => {
                see(condition);
                then.nodes(see);
                otherwise.iter().for_each(|step| step.nodes(see));
            }
            Self::Loop { condition, body, after, .. } => {
                condition.iter().chain(after).for_each(&mut *see);
                body.nodes(see);
            }
            Self::ForEach { source, take, body, .. } => {
                see(source);
                see(take);
                body.nodes(see);
            }
            Self::Switch { value, sections, .. } => {
                see(value);
                for section in sections {
                    section.tests.iter().flatten().for_each(&mut *see);
                    section.body.iter().for_each(|step| step.nodes(see));
                }
            }
            Self::Try { body, catches, finally } => {
                body.iter().chain(finally.iter().flatten()).for_each(|step| step.nodes(see));
                for handler in catches {
                    handler.filter.iter().for_each(&mut *see);
                    handler.body.iter().for_each(|step| step.nodes(see));
                }
            }
            Self::Using { dispose, body, .. } => {
                see(dispose);
                body.nodes(see);
            }
        }
    }
}
