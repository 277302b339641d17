//! Passages remembered: what the policies made of a request on its way to the backend they make of every request like it.
//!
//! A simulated client sends the same request again and again, and most of them meet the same answers. Where every policy on the way is narrow
//! ([`Statement::is_narrow`](crate::policy::Statement)), nobody has asked clock or chance, and nothing was stored under the keys that were looked up,
//! then the way to the backend depends on nothing but the request's line, its body, its client and the header fields that some expression of the
//! gateway names. It is kept with the state in which the request waits. The next one that is the same waits without having gone the way: its own
//! header fields are changed as the policies changed them. If the response's status alone decides what follows, as it mostly does where all is
//! well, that is kept too; else the pipeline goes on from the state that is kept, as if the request had come there by itself.
//!
//! Requests that are traced or counted as coverage, and those whose body is still with the driver, go all of their way.

mod passage;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use smallvec::SmallVec;

pub(in crate::gateway) use passage::Notes;
pub(super) use passage::{Meeting, Onward, Passage, Stand};

use crate::{
    environment::Moment,
    gateway::{
        Gateway,
        answers::STATUS_PATH,
        effect::{Arrival, ArrivingBody},
        instance::locked,
    },
    http::{FieldName, FieldNames},
    text::Text,
};

/// Fields of a request that count, by their names' places.
type Fields<'a> = SmallVec<[(usize, &'a Text); 8]>;

/// The passages of one gateway, where it remembers any. A copy of it may get other programs, and remembers nothing.
#[derive(Default)]
pub(in crate::gateway) struct Passages(Option<Box<Kept>>);

struct Kept {
    /// The fields that some expression names, and those that the door looks at.
    looked_at: FieldNames,
    memory: Mutex<Memory>,
}

struct Memory {
    /// Marks of requests that were seen, and how often: one that comes only once is not kept.
    seen: Vec<(u64, u32)>,
    kept: Vec<Option<(u64, Arc<Passage>)>>,
    /// Where the next goes that finds no room.
    next: usize,
}

/// Marks that are kept, and passages, and how many places there are for each: side by side.
const SEEN: usize = 4096;
const KEPT: usize = 1024;
const NEIGHBOURS: usize = 4;

/// After so many more of the same request at the latest its way is noted again.
const PATIENCE: u32 = 256;

/// How long a body may be, in bytes: a passage holds it, and what policies made of it.
const LONGEST: usize = 8 << 10;

/// How many bytes of a body's end make up its mark, and how many words of it all.
const END: usize = 64;
const SAMPLES: usize = 12;

/// What is known of a request that has come.
pub(super) enum Look<'a> {
    /// It goes this way.
    Known(Arc<Passage>),
    /// It has come before, and its way may be kept.
    Again(Place<'a>),
    /// It goes its way.
    Unknown,
}

/// Where a passage may be kept.
pub(super) struct Place<'a> {
    kept: &'a Kept,
    mark: u64,
}

impl Place<'_> {
    /// The fields that count.
    pub fn looked_at(&self) -> &FieldNames {
        &self.kept.looked_at
    }

    /// Keeps a passage.
    pub fn keep(&self, passage: Passage) {
        let mut memory = locked(&self.kept.memory);
        let free = places(self.mark).find(|place| matches!(memory.kept.get(*place), Some(None)));
        let place = free.or_else(|| places(self.mark).nth(memory.next % NEIGHBOURS));
        memory.next = memory.next.wrapping_add(1);
        if let Some(kept) = place.and_then(|place| memory.kept.get_mut(place)) {
            *kept = Some((self.mark, Arc::new(passage)));
        }
    }
}

impl Passages {
    /// Those of a gateway: none yet. It remembers none where more than a request's line chooses the API, and where hosts ask for certificates.
    pub fn of(gateway: &Gateway) -> Self {
        if !gateway.routes.are_told_by_path() || !gateway.entities.guarded.is_empty() {
            return Self::default();
        }
        let keys = gateway.apis.iter().map(|hosted| FieldName::new(hosted.api.key_header.clone()));
        let looked_at = keys.chain(gateway.programs().flat_map(|program| program.looked_at.iter().cloned())).collect();
        let memory = Memory { seen: vec![(0, 0); SEEN + NEIGHBOURS], kept: (0..KEPT).map(|_| None).collect(), next: 0 };
        Self(Some(Box::new(Kept { looked_at, memory: Mutex::new(memory) })))
    }

    /// The fields that count, where any passage is remembered.
    pub(super) fn looked_at(&self) -> Option<&FieldNames> {
        self.0.as_deref().map(|own| &own.looked_at)
    }

    /// What is known of a request.
    pub(super) fn look<'a>(&'a self, gateway: &Gateway, arrival: &Arrival, now: Moment) -> Look<'a> {
        let Some(own) = &self.0 else { return Look::Unknown };
        let is_short = match &arrival.body {
            ArrivingBody::None => true,
            ArrivingBody::Bytes(body) => body.len() <= LONGEST,
            ArrivingBody::Stream => false,
        };
        if arrival.trace || !is_short || arrival.certificate.is_some() || arrival.head.url.path == STATUS_PATH {
            return Look::Unknown;
        }
        let fields: Fields<'_> = arrival.head.headers.among(&own.looked_at).collect();
        let mark = mark(arrival, &fields);
        let mut memory = locked(&own.memory);
        for place in places(mark) {
            if let Some(Some((known, passage))) = memory.kept.get(place)
                && *known == mark
                && passage.is_for(arrival, &fields, gateway, now)
            {
                return Look::Known(passage.clone());
            }
        }
        // Among its neighbours the one that came least gives way.
        let seen = memory.seen.iter_mut().skip(mark as usize % SEEN).take(NEIGHBOURS);
        let Some((seen, times)) = seen.max_by_key(|(known, times)| (*known == mark, u32::MAX - *times)) else { return Look::Unknown };
        if *seen != mark {
            (*seen, *times) = (mark, 0);
        }
        *times = times.saturating_add(1);
        // What cannot be kept, now or ever, is tried more and more seldom: noting costs something.
        let is_time = *times > 1 && (times.is_power_of_two() || times.is_multiple_of(PATIENCE));
        if is_time { Look::Again(Place { kept: own, mark }) } else { Look::Unknown }
    }
}

/// A number that two different requests seldom share.
fn mark(arrival: &Arrival, fields: &Fields<'_>) -> u64 {
    let head = &arrival.head;
    let mut mark = Mark(head.method.len() as u64);
    mark.write(head.url.path.as_bytes());
    mark.write(head.url.query.as_bytes());
    fields.iter().for_each(|(_, value)| mark.write(value.as_bytes()));
    if let ArrivingBody::Bytes(body) = &arrival.body {
        // Clients write what differs most, such as limits, last.
        mark.write(body.get(body.len().saturating_sub(END)..).unwrap_or_default());
        let (words, _) = body.as_chunks::<8>();
        let step = (words.len() / SAMPLES).max(1);
        words.iter().step_by(step).for_each(|word| mark.word(u64::from_le_bytes(*word)));
        mark.word(body.len() as u64);
    }
    match arrival.client {
        IpAddr::V4(client) => mark.word(u64::from(client.to_bits())),
        IpAddr::V6(client) => mark.write(&client.octets()),
    }
    // Nought stands for nothing seen.
    mark.end().max(1)
}

fn places(mark: u64) -> impl Iterator<Item = usize> {
    let first = (mark >> 32) as usize;
    (0..NEIGHBOURS).map(move |next| (first + next) % KEPT)
}

/// Fast, and good enough for marks: whatever is found is compared.
struct Mark(u64);

impl Mark {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        let rest = rest.iter().fold(bytes.len() as u64, |rest, byte| rest << 8 | u64::from(*byte));
        self.word(rest);
    }

    fn end(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

impl Clone for Passages {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Passages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passages")
    }
}
