//! One way to a backend, as a request has gone it, and what becomes of the responses at its end.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use crate::{
    environment::Moment,
    gateway::{
        Gateway,
        context::State,
        effect::{Answer, AnswerBody, Arrival, ArrivingBody, Event, Send},
        execute::{Expected, outgoing},
        instance::locked,
    },
    http::{FieldNames, Headers, RequestHead, Url},
    policy::{BlockId, Program, Section, elements::set_header::HeaderChange},
    text::Text,
};

/// What is noted on the way, until something shows that another request could fare otherwise.
#[derive(Debug)]
pub(in crate::gateway) struct Notes {
    /// The present. Nobody waits on the way.
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
pub(in crate::gateway::machine) struct Passage {
    /// The request that went it: method and URL, the fields that count by their names' places, body and client.
    method: Text,
    url: Url,
    fields: Vec<(usize, Text)>,
    body: ArrivingBody,
    client: IpAddr,
    absent: Vec<Text>,
    changes: Vec<HeaderChange>,
    /// Where it stands now.
    pub stand: Stand,
    /// What becomes of responses, by their status: none where that is not all that decides.
    answers: Mutex<Vec<(u16, Option<Onward>)>>,
}

/// Where a request waits for the response of a backend.
pub(in crate::gateway::machine) struct Stand {
    pub program: Arc<Program>,
    /// Without the fields of the request: they are each request's own. Whoever goes on from here gets a copy, heap and all (law 5).
    pub state: State,
    /// Those of them that count, as the policies left them.
    pub fields: Vec<Text>,
    pub section: Section,
    /// Blocks and the numbers of their next statements, from the outermost.
    pub frames: Vec<(BlockId, usize)>,
    /// What is sent, without its fields.
    pub send: Send,
    pub expected: Expected,
}

/// How a response becomes the answer.
pub(in crate::gateway::machine) struct Onward {
    pub changes: Vec<HeaderChange>,
    pub buffered: bool,
}

/// What an event comes to.
pub(in crate::gateway::machine) enum Meeting {
    /// This is the answer.
    Answered(Box<Answer>),
    /// It must be seen to, policy by policy; what becomes of a response of this status may be kept.
    Open(Event, Option<u16>),
}

impl Passage {
    /// The way of `arrival`.
    pub fn new(arrival: &Arrival, looked_at: &FieldNames, notes: Notes, stand: Stand) -> Self {
        Self {
            method: arrival.head.method.clone(),
            url: arrival.head.url.clone(),
            fields: arrival.head.headers.among(looked_at).map(|(place, value)| (place, value.clone())).collect(),
            body: arrival.body.clone(),
            client: arrival.client,
            absent: notes.absent,
            changes: notes.request,
            stand,
            answers: Mutex::default(),
        }
    }

    /// Whether a request would go this way whose fields that count are `fields`. A literal of a policy is no text of a client, as one expression or
    /// another can tell.
    pub fn is_for(&self, arrival: &Arrival, fields: &[(usize, &Text)], gateway: &Gateway, now: Moment) -> bool {
        let (url, other) = (&self.url, &arrival.head.url);
        let body = match (&self.body, &arrival.body) {
            (ArrivingBody::None, ArrivingBody::None) => true,
            (ArrivingBody::Bytes(own), ArrivingBody::Bytes(other)) => {
                own.len() == other.len() && (own.as_ptr() == other.as_ptr() || own == other)
            }
            _ => false,
        };
        body && self.client == arrival.client
            && self.method.is_like(&arrival.head.method)
            && (url.scheme.is_like(&other.scheme) && url.host.is_like(&other.host) && url.port == other.port)
            && (url.path.is_like(&other.path) && url.query.is_like(&other.query))
            && self.fields.len() == fields.len()
            && self.fields.iter().zip(fields).all(|((own, value), (place, other))| own == place && value.is_like(other))
            && (self.absent.is_empty() || {
                let values = locked(&gateway.instance.values);
                self.absent.iter().all(|key| values.lookup(key, now).is_none())
            })
    }

    /// Sends a request on that goes this way; gives its fields as the policies left them as well.
    pub fn enter(&self, arrival: Arrival) -> (Headers, Box<Send>) {
        let mut headers = arrival.head.headers;
        self.changes.iter().for_each(|change| change.apply(&mut headers));
        let Stand { state, send: own, .. } = &self.stand;
        let request = RequestHead {
            method: own.request.method.clone(),
            url: own.request.url.clone(),
            headers: outgoing(&headers, state.host_set, &state.context.request.ip),
        };
        let Send { operation, purpose, timeout, reception, .. } = *own;
        let body = own.body.clone();
        (headers, Box::new(Send { operation, purpose, request, body, timeout, reception }))
    }

    /// The fields of a request that has gone this way, for the state that stands at its end: texts that are one object there are one here.
    pub fn own_fields(&self, mut headers: Headers, looked_at: &FieldNames) -> Headers {
        for ((_, value), own) in headers.among_mut(looked_at).zip(&self.stand.fields) {
            if value == own {
                *value = own.clone();
            }
        }
        headers
    }

    /// What an event comes to for a request that waits here.
    pub fn meet(&self, event: Event) -> Meeting {
        let Event::Response { operation, outcome: Ok(mut received) } = event else { return Meeting::Open(event, None) };
        let status = received.head.status;
        let known = if received.body.is_some() {
            None
        } else {
            match locked(&self.answers).iter().find(|(known, _)| *known == status) {
                Some((_, Some(onward))) => {
                    onward.changes.iter().for_each(|change| change.apply(&mut received.head.headers));
                    let body = AnswerBody::Stream { exchange: operation, buffered: onward.buffered };
                    return Meeting::Answered(Box::new(Answer { head: received.head, body, watch: None }));
                }
                Some((_, None)) => None,
                None => Some(status),
            }
        };
        Meeting::Open(Event::Response { operation, outcome: Ok(received) }, known)
    }

    /// Keeps what became of a response of this status.
    pub fn keep(&self, status: u16, onward: Option<Onward>) {
        locked(&self.answers).push((status, onward));
    }
}
