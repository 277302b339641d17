//! How often each policy of a program has run, and each branch was taken. Nothing is counted until somebody asks for it.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::{
    elements::Policy,
    program::{BlockId, Program, Section, Statement},
};
use crate::text::Text;

/// The counts of a program. Requests of several threads count at once.
#[derive(Debug, Default)]
pub struct Counts {
    blocks: OnceLock<Vec<Counted>>,
}

/// The counts of a block.
#[derive(Debug, Default)]
struct Counted {
    /// How often it was the branch that was taken.
    taken: AtomicU64,
    /// How often each of its statements ran.
    ran: Vec<AtomicU64>,
}

impl Counts {
    fn block(&self, block: BlockId) -> Option<&Counted> {
        self.blocks.get()?.get(block.0 as usize)
    }
}

/// Something of a document that a request runs or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The name of the document.
    pub document: Text,
    /// The line of the policy, from 1.
    pub line: u32,
    /// The section that it belongs to.
    pub section: Section,
    /// The nesting below the section.
    pub path: Text,
    /// The branch of it that is meant, as words: `when 1`, `otherwise`, `no when`, `again`; the policy itself without.
    pub branch: Option<String>,
    /// How often it ran, or was taken.
    pub hits: u64,
}

impl Program {
    /// From now on it is counted what runs.
    pub fn count(&self) {
        let of =
            |statements: &Vec<Statement>| Counted { ran: statements.iter().map(|_| AtomicU64::new(0)).collect(), ..Counted::default() };
        self.counts.blocks.get_or_init(|| self.blocks.iter().map(|block| of(&block.statements)).collect());
    }

    /// Whether what runs is counted.
    pub(crate) fn is_counting(&self) -> bool {
        self.counts.blocks.get().is_some()
    }

    /// A statement has run.
    pub(crate) fn ran(&self, block: BlockId, number: usize) {
        if let Some(count) = self.counts.block(block).and_then(|counted| counted.ran.get(number)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A branch of `choose` is taken, or a `retry` runs its block once more.
    pub(crate) fn taken(&self, block: BlockId) {
        if let Some(counted) = self.counts.block(block) {
            counted.taken.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything that is counted, in the order of the document; nothing where nothing is.
    pub fn coverage(&self) -> Vec<Point> {
        let mut points = Vec::new();
        if self.counts.blocks.get().is_some() {
            for section in Section::ALL {
                self.cover(section, self.section(section), &mut points);
            }
        }
        points
    }

    fn cover(&self, section: Section, block: BlockId, into: &mut Vec<Point>) {
        let counted = self.counts.block(block);
        for (number, statement) in self.block(block).iter().enumerate() {
            let hits = counted.and_then(|counted| counted.ran.get(number)).map_or(0, |count| count.load(Ordering::Relaxed));
            self.cover_statement(section, statement, hits, into);
        }
    }

    fn cover_statement(&self, section: Section, statement: &Statement, hits: u64, into: &mut Vec<Point>) {
        let place = &statement.place;
        let point = |branch: Option<String>, hits: u64| Point {
            document: place.document.clone(),
            line: place.line,
            section,
            path: place.path.clone(),
            branch,
            hits,
        };
        // What the program adds of itself stands in no document.
        let own = !place.document.is_empty() && place.line > 0;
        if own {
            into.push(point(None, hits));
        }
        let taken = |block: BlockId| self.counts.block(block).map_or(0, |counted| counted.taken.load(Ordering::Relaxed));
        match &statement.policy {
            Policy::Choose(choose) => {
                let whens: Vec<BlockId> = choose.whens.iter().map(|(_, block)| *block).collect();
                if own {
                    into.extend(whens.iter().enumerate().map(|(at, block)| point(Some(format!("when {}", at + 1)), taken(*block))));
                    into.push(match choose.otherwise {
                        Some(block) => point(Some("otherwise".to_owned()), taken(block)),
                        None => point(Some("no when".to_owned()), hits.saturating_sub(whens.iter().map(|block| taken(*block)).sum())),
                    });
                }
                whens.into_iter().chain(choose.otherwise).for_each(|block| self.cover(section, block, into));
            }
            Policy::Retry(retry) => {
                if own {
                    into.push(point(Some("again".to_owned()), taken(retry.block)));
                }
                self.cover(section, retry.block, into);
            }
            Policy::LimitConcurrency(limit) => self.cover(section, limit.block, into),
            Policy::Wait(wait) => wait.branches.iter().for_each(|block| self.cover(section, *block, into)),
            _ => {}
        }
    }
}
