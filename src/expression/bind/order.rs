//! The order in which arguments are computed: as they stand in the code, whichever parameters their names give them to.

use super::Binder;
use crate::expression::program::Node;

impl Binder<'_> {
    /// Turns the nodes of arguments, which stand in the order of their parameters, into what a call takes once the nodes given back have
    /// been evaluated. `places` has for each node, itself a position in `nodes`, where its argument stands in the code.
    ///
    /// Nothing changes, and nothing is to be done before, where the parameters are in the order of the arguments already.
    pub(super) fn as_written(&mut self, nodes: &mut [Node], mut places: Vec<(usize, usize)>) -> Vec<Node> {
        if places.is_sorted() {
            return Vec::new();
        }
        places.sort_unstable();
        let mut before = Vec::new();
        for (_, position) in places {
            let Some(node) = nodes.get_mut(position).filter(|node| !matches!(node, Node::Constant(_) | Node::Cell(_))) else { continue };
            let slot = self.slot();
            before.push(Node::Assign(slot, Box::new(std::mem::replace(node, Node::Local(slot)))));
        }
        before
    }
}
