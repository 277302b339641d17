//! Passages remembered: what the policies made of a request on its way to the backend they make of every request like it.
//!
//! A simulated client sends the same request again and again, and most of them meet the same answers. Where every policy on the way is local
//! ([`Statement::looks`](crate::policy::Statement)), nobody has asked clock or chance, and nothing was stored under the keys that were looked up,
//! then the way to the backend depends on nothing but the request's line, its body, its client and the header fields that some expression of the
//! gateway names. It is kept with the state in which the request waits. The next one that is the same waits without having gone the way: its own
//! header fields are changed as the policies changed them. If the response's status alone decides what follows, as it mostly does where all is
//! well, that is kept too; else the pipeline goes on from the state that is kept, as if the request had come there by itself.
//!
//! Requests that are traced or counted as coverage, and those whose body is still with the driver, go all of their way.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use smallvec::SmallVec;

use super::pipeline::Identity;
use crate::{
    environment::Moment,
    gateway::{
        Gateway,
        answers::STATUS_PATH,
        context::State,
        effect::{Answer, AnswerBody, Arrival, ArrivingBody, Effect, Received, Send},
        execute::{Expected, outgoing},
        instance::locked,
    },
    http::{FieldName, FieldNames, Headers, RequestHead, Url},
    policy::{BlockId, Program, Section, elements::set_header::HeaderChange},
    text::Text,
};

/// What is noted on the way, until something shows that another request could fare otherwise.
#[derive(Debug)]
pub(in crate::gateway) struct Notes {
    /// When the request came.
    pub now: Moment,
    /// What was done to the fields of the request.
    pub request: Vec<HeaderChange>,
    /// What was done to those of the response.
    pub response: Vec<HeaderChange>,
    /// Keys of the cache under which nothing was stored.
    pub absent: Vec<Text>,
}

impl Notes {
    /// Nothing yet.
    pub fn new(now: Moment) -> Box<Self> {
        Box::new(Self { now, request: Vec::new(), response: Vec::new(), absent: Vec::new() })
    }
}

/// A way to the backend.
pub(super) struct Passage {
    /// The request that went it: method and URL, the fields that count, body and client.
    method: Text,
    url: Url,
    fields: Vec<(usize, Text)>,
    body: ArrivingBody,
    client: std::net::IpAddr,
    absent: Vec<Text>,
    changes: Vec<HeaderChange>,
    /// Where it stands now, without the fields of its request.
    pub state: State,
    pub program: Arc<Program>,
    pub section: Section,
    pub frames: Vec<(BlockId, usize)>,
    /// What is sent, without its fields.
    pub send: Send,
    pub expected: Expected,
    /// What becomes of responses, by their status: none where that is not all that decides.
    answers: Mutex<Vec<(u16, Option<Arc<Onward>>)>>,
}

/// What becomes of a response.
struct Onward {
    changes: Vec<HeaderChange>,
    buffered: bool,
}

/// What is known of a response's status.
pub(super) enum Known {
    /// This is the answer.
    Answer(Box<Answer>),
    /// The response, which must go its way.
    Nothing(Received),
    /// The same, and what becomes of it may be kept.
    NothingYet(Received),
}

impl Passage {
    pub fn new(
        arrival: &Arrival,
        looked_at: &FieldNames,
        notes: Notes,
        program: Arc<Program>,
        state: State,
        (section, frames): (Section, Vec<(BlockId, usize)>),
        send: &Send,
        expected: Expected,
    ) -> Self {
        let Send { operation, purpose, request, body, timeout, reception } = send;
        let request = RequestHead { method: request.method.clone(), url: request.url.clone(), headers: Headers::new() };
        let send = Send { operation: *operation, purpose: *purpose, request, body: body.clone(), timeout: *timeout, reception: *reception };
        Self {
            method: arrival.head.method.clone(),
            url: arrival.head.url.clone(),
            fields: arrival.head.headers.among(looked_at).map(|(place, value)| (place, value.clone())).collect(),
            body: arrival.body.clone(),
            client: arrival.client,
            absent: notes.absent,
            changes: notes.request,
            state,
            program,
            section,
            frames,
            send,
            expected,
            answers: Mutex::default(),
        }
    }

    /// Whether a request would go this way whose fields that count are `fields`.
    fn is_for(&self, arrival: &Arrival, fields: &Fields<'_>, gateway: &Gateway, now: Moment) -> bool {
        let body = match (&self.body, &arrival.body) {
            (ArrivingBody::None, ArrivingBody::None) => true,
            (ArrivingBody::Bytes(own), ArrivingBody::Bytes(other)) => {
                own.len() == other.len() && (own.as_ptr() == other.as_ptr() || own == other)
            }
            _ => false,
        };
        body && self.client == arrival.client
            && self.method == arrival.head.method
            && self.url == arrival.head.url
            && self.fields.len() == fields.len()
            && self.fields.iter().zip(fields).all(|((own, value), (place, other))| own == place && value == *other)
            && (self.absent.is_empty() || {
                let values = locked(&gateway.instance.values);
                self.absent.iter().all(|key| values.lookup(key, now).is_none())
            })
    }

    /// Sends a request on that goes this way; gives its fields as the policies left them as well.
    pub fn enter(&self, arrival: Arrival) -> (Headers, Effect) {
        let mut headers = arrival.head.headers;
        self.changes.iter().for_each(|change| change.apply(&mut headers));
        let own = &self.send;
        let request = RequestHead {
            method: own.request.method.clone(),
            url: own.request.url.clone(),
            headers: outgoing(&headers, self.state.host_set, &self.state.context.request.ip),
        };
        let Send { operation, purpose, timeout, reception, .. } = *own;
        let body = own.body.clone();
        (headers, Effect::Send(Box::new(Send { operation, purpose, request, body, timeout, reception })))
    }

    /// What becomes of a response whose body the driver holds.
    pub fn answer(&self, mut received: Received) -> Known {
        if received.body.is_some() {
            return Known::Nothing(received);
        }
        let answers = locked(&self.answers);
        let onward = match answers.iter().find(|(status, _)| *status == received.head.status) {
            Some((_, Some(onward))) => onward,
            Some((_, None)) => return Known::Nothing(received),
            None => return Known::NothingYet(received),
        };
        onward.changes.iter().for_each(|change| change.apply(&mut received.head.headers));
        let body = AnswerBody::Stream { exchange: self.send.operation, buffered: onward.buffered };
        Known::Answer(Box::new(Answer { head: received.head, body, watch: None }))
    }

    /// Keeps what became of a response of this status.
    pub fn keep(&self, status: u16, passed_on: Option<(Vec<HeaderChange>, bool)>) {
        let onward = passed_on.map(|(changes, buffered)| Arc::new(Onward { changes, buffered }));
        locked(&self.answers).push((status, onward));
    }
}

/// Fields of a request that count, by their names' places.
type Fields<'a> = SmallVec<[(usize, &'a Text); 8]>;

/// The passages of one gateway.
pub(in crate::gateway) struct Passages {
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

/// Marks that are kept, and passages; those of one mark stand side by side.
const SEEN: usize = 1024;
const KEPT: usize = 256;
const NEIGHBOURS: usize = 4;

/// After so many more of the same request at the latest its way is noted again.
const PATIENCE: u32 = 256;

/// How many words of a body make up its mark.
const SAMPLES: usize = 12;

/// What is known of a request that has come.
pub(super) enum Look {
    /// It goes this way.
    Known(Arc<Passage>),
    /// It has come before, and its way may be kept under this mark.
    Seen(u64),
    /// It goes its way.
    Unknown,
}

impl Passages {
    /// Those of a gateway: none yet. `None` where more than a request's line chooses the API.
    pub fn of(gateway: &Gateway) -> Option<Self> {
        let keys = gateway.apis.iter().map(|hosted| FieldName::new(hosted.api.key_header.clone()));
        let mut looked_at: Vec<FieldName> = Vec::new();
        for name in keys.chain(gateway.programs().flat_map(|program| program.looked_at.iter().cloned())) {
            if !looked_at.iter().any(|known| known.as_str().eq_ignore_ascii_case(name.as_str())) {
                looked_at.push(name);
            }
        }
        let memory = Memory { seen: vec![(0, 0); SEEN], kept: (0..KEPT).map(|_| None).collect(), next: 0 };
        gateway.routes.are_told_by_path().then(|| Self { looked_at: looked_at.into_iter().collect(), memory: Mutex::new(memory) })
    }

    /// What is known of a request.
    pub(super) fn look(&self, gateway: &Gateway, arrival: &Arrival, now: Moment) -> Look {
        let is_here = !matches!(arrival.body, ArrivingBody::Stream) && arrival.certificate.is_none();
        if arrival.trace || !is_here || arrival.head.url.path == STATUS_PATH {
            return Look::Unknown;
        }
        let fields: Fields<'_> = arrival.head.headers.among(&self.looked_at).collect();
        let mark = mark(arrival, &fields);
        let mut memory = locked(&self.memory);
        for place in places(mark) {
            if let Some(Some((known, passage))) = memory.kept.get(place)
                && *known == mark
                && passage.is_for(arrival, &fields, gateway, now)
            {
                return Look::Known(passage.clone());
            }
        }
        let Some((seen, times)) = memory.seen.get_mut(mark as usize % SEEN) else { return Look::Unknown };
        if *seen != mark {
            (*seen, *times) = (mark, 0);
        }
        *times = times.wrapping_add(1);
        // What cannot be kept, now or ever, is tried more and more seldom: noting costs something.
        let is_time = *times > 1 && (times.is_power_of_two() || times.is_multiple_of(PATIENCE));
        if is_time { Look::Seen(mark) } else { Look::Unknown }
    }

    /// Keeps a passage.
    pub(super) fn keep(&self, mark: u64, passage: Arc<Passage>) {
        let mut memory = locked(&self.memory);
        let free = places(mark).find(|place| matches!(memory.kept.get(*place), Some(None)));
        let place = free.or_else(|| places(mark).nth(memory.next % NEIGHBOURS));
        memory.next = memory.next.wrapping_add(1);
        if let Some(kept) = place.and_then(|place| memory.kept.get_mut(place)) {
            *kept = Some((mark, passage));
        }
    }

    /// The fields that count.
    pub(super) fn looked_at(&self) -> &FieldNames {
        &self.looked_at
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
        let (words, _) = body.as_chunks::<8>();
        let step = (words.len() / SAMPLES).max(1);
        words.iter().step_by(step).for_each(|word| mark.word(u64::from_le_bytes(*word)));
        mark.word(body.len() as u64);
    }
    // Nought stands for nothing seen.
    mark.end() | 1
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

impl fmt::Debug for Passages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passages")
    }
}

/// A request that has gone a passage, and waits for its response.
pub(super) struct Passing {
    pub passage: Arc<Passage>,
    /// The fields of the request, as the policies left them.
    pub headers: Headers,
    pub identity: Identity,
}
