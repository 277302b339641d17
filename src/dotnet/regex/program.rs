//! A pattern as a program for the matcher.

use super::{
    fault::Fault,
    node::{Assertion, First, Id, Node, Single, Tree, UNLIMITED},
    options::{ECMA_SCRIPT, RIGHT_TO_LEFT},
    parser::{self, Groups, Parsed},
    set::Set,
};

/// One instruction. Places are indices into the program.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// One unit.
    Single { what: Single, backward: bool },
    /// As many units of one kind as there are, or as few as will do.
    Run { what: Single, min: u32, max: u32, lazy: bool, backward: bool },
    /// A part of the program's text.
    Text { start: u32, length: u32, folded: bool, backward: bool },
    /// What a group has captured.
    Reference { group: u32, folded: bool, backward: bool },
    /// A place.
    Assertion(Assertion),
    /// Goes on there.
    Jump(u32),
    /// Goes on; there, where that fails.
    Fork(u32),
    /// Goes on there; here, where that fails.
    Prefer(u32),
    /// Begins to count turns of a loop.
    Count,
    /// Another turn, or out of the loop to `exit`.
    Turn { exit: u32, min: u32, max: u32, lazy: bool },
    /// Notes that a turn begins.
    Begin,
    /// Forgets the count.
    Leave,
    /// A group begins.
    Open,
    /// A group ends.
    Close { group: Option<u32>, balanced: Option<u32> },
    /// What follows, up to the seal, is tried once.
    Guard,
    /// Keeps what was found since the guard; `back` returns to where it began.
    Seal { back: bool },
    /// What follows, up to the denial, must not match; then on to the place.
    Deny(u32),
    /// It did match.
    Denied,
    /// What follows, up to the seal, decides; if it fails, on to the place.
    Test(u32),
    /// On, where the group has captured; else to the place.
    Captured { group: u32, no: u32 },
    /// The whole is found.
    Accept,
}

/// How a search finds the places where a match may begin.
#[derive(Clone, Copy, Debug)]
pub enum Lead {
    /// Anywhere.
    Any,
    /// At the beginning alone.
    Beginning,
    /// Where the search begins alone.
    Start,
    /// Before one of these units.
    First(First),
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    /// The pattern's `RegexOptions`.
    pub options: i32,
    /// The groups.
    pub groups: Groups,
    /// The instructions.
    pub steps: Vec<Step>,
    /// The text of [`Step::Text`].
    pub text: Vec<u16>,
    /// The sets of [`Single::Set`].
    pub sets: Vec<Set>,
    /// Where matches may begin.
    pub lead: Lead,
}

impl Program {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// A pattern that is none; one that nests too deeply.
    pub fn compile(pattern: &[u16], options: i32) -> Result<Self, Fault> {
        let Parsed { tree, root, groups } = parser::parse(pattern, options)?;
        let lead = if options & RIGHT_TO_LEFT == 0 { lead(&tree, root) } else { Lead::Any };
        let mut compiler = Compiler { tree: &tree, steps: Vec::new() };
        compiler.node(root);
        compiler.steps.push(Step::Accept);
        let steps = compiler.steps;
        Ok(Self { options, groups, steps, lead, text: tree.text, sets: tree.sets })
    }

    /// Whether it searches from right to left.
    pub fn is_backward(&self) -> bool {
        self.options & RIGHT_TO_LEFT != 0
    }

    /// Whether it follows ECMAScript.
    pub fn is_ecma(&self) -> bool {
        self.options & ECMA_SCRIPT != 0
    }
}

fn lead(tree: &Tree, root: Id) -> Lead {
    let mut at = root;
    loop {
        at = match tree.node(at) {
            Node::Assertion(Assertion::Beginning) => return Lead::Beginning,
            Node::Assertion(Assertion::Start) => return Lead::Start,
            Node::Sequence(items) => match items.first() {
                Some(first) => *first,
                None => break,
            },
            Node::Capture { body, .. } | Node::Atomic(body) => *body,
            _ => break,
        };
    }
    let facts = tree.facts(root);
    if facts.least > 0 { Lead::First(facts.first) } else { Lead::Any }
}

struct Compiler<'a> {
    tree: &'a Tree,
    steps: Vec<Step>,
}

impl Compiler<'_> {
    fn here(&self) -> u32 {
        self.steps.len() as u32
    }

    /// Places an instruction whose place is still unknown.
    fn hold(&mut self) -> usize {
        self.steps.push(Step::Accept);
        self.steps.len() - 1
    }

    fn fill(&mut self, at: usize, step: Step) {
        if let Some(place) = self.steps.get_mut(at) {
            *place = step;
        }
    }

    fn node(&mut self, id: Id) {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.place(id));
    }

    fn place(&mut self, id: Id) {
        match self.tree.node(id) {
            Node::Empty => {}
            Node::Single { what, backward } => self.steps.push(Step::Single { what: *what, backward: *backward }),
            Node::Text { start, length, folded, backward } => {
                self.steps.push(Step::Text { start: *start, length: *length, folded: *folded, backward: *backward });
            }
            Node::Reference { group, folded, backward } => {
                self.steps.push(Step::Reference { group: *group, folded: *folded, backward: *backward });
            }
            Node::Assertion(assertion) => self.steps.push(Step::Assertion(*assertion)),
            Node::Sequence(items) => items.iter().for_each(|item| self.node(*item)),
            Node::Choice(branches) => self.choice(branches),
            Node::Loop { body, min, max, lazy } => self.repeat(*body, *min, *max, *lazy),
            Node::Capture { body, group, balanced } => {
                self.steps.push(Step::Open);
                self.node(*body);
                self.steps.push(Step::Close { group: *group, balanced: *balanced });
            }
            Node::Atomic(body) => {
                self.steps.push(Step::Guard);
                self.node(*body);
                self.steps.push(Step::Seal { back: false });
            }
            Node::Look { body, negative: false } => {
                self.steps.push(Step::Guard);
                self.node(*body);
                self.steps.push(Step::Seal { back: true });
            }
            Node::Look { body, negative: true } => {
                let deny = self.hold();
                self.node(*body);
                self.steps.push(Step::Denied);
                let after = self.here();
                self.fill(deny, Step::Deny(after));
            }
            Node::Condition { test, yes, no } => {
                let start = self.hold();
                self.node(*test);
                self.steps.push(Step::Seal { back: true });
                let otherwise = self.either(*yes, *no);
                self.fill(start, Step::Test(otherwise));
            }
            Node::Captured { group, yes, no } => {
                let start = self.hold();
                let otherwise = self.either(*yes, *no);
                self.fill(start, Step::Captured { group: *group, no: otherwise });
            }
        }
    }

    /// Places two branches, of which the first runs into what follows; gives where the second begins.
    fn either(&mut self, yes: Id, no: Id) -> u32 {
        self.node(yes);
        let jump = self.hold();
        let otherwise = self.here();
        self.node(no);
        let end = self.here();
        self.fill(jump, Step::Jump(end));
        otherwise
    }

    fn choice(&mut self, branches: &[Id]) {
        let mut jumps = Vec::with_capacity(branches.len());
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.node(*branch);
                break;
            }
            let fork = self.hold();
            self.node(*branch);
            jumps.push(self.hold());
            let next = self.here();
            self.fill(fork, Step::Fork(next));
        }
        let end = self.here();
        for jump in jumps {
            self.fill(jump, Step::Jump(end));
        }
    }

    fn repeat(&mut self, body: Id, min: u32, max: u32, lazy: bool) {
        if let Node::Single { what, backward } = self.tree.node(body) {
            self.steps.push(Step::Run { what: *what, min, max, lazy, backward: *backward });
            return;
        }
        if (min, max) == (0, 1) {
            let fork = self.hold();
            self.node(body);
            let end = self.here();
            self.fill(fork, if lazy { Step::Prefer(end) } else { Step::Fork(end) });
            return;
        }
        if max == UNLIMITED && min <= 1 && self.tree.facts(body).least > 0 {
            self.repeat_freely(body, min, lazy);
            return;
        }
        self.steps.push(Step::Count);
        let turn = self.hold();
        self.steps.push(Step::Begin);
        self.node(body);
        self.steps.push(Step::Jump(turn as u32));
        let exit = self.here();
        self.fill(turn, Step::Turn { exit, min, max, lazy });
        self.steps.push(Step::Leave);
    }

    /// A loop whose body always takes something: nothing needs to be counted.
    fn repeat_freely(&mut self, body: Id, min: u32, lazy: bool) {
        let start = self.here();
        if min == 1 {
            self.node(body);
            self.steps.push(if lazy { Step::Fork(start) } else { Step::Prefer(start) });
            return;
        }
        let fork = self.hold();
        self.node(body);
        self.steps.push(Step::Jump(start));
        let end = self.here();
        self.fill(fork, if lazy { Step::Prefer(end) } else { Step::Fork(end) });
    }
}
