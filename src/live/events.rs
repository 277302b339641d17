//! What a running simulation tells: one JSON object an event.

use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::{
    azure::{faults::FaultCommand, front_door::WafMatch},
    environment::{Moment, guid_text},
    gateway::trace::Record,
    text::Text,
};

/// Who is told what happens. It is called from the tasks that serve, so it must be quick: hand the event on and return.
pub type EventSink = Arc<dyn Fn(SimulationEvent) + Send + Sync>;

/// Something that has happened. As JSON an object whose `event` names the kind.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum SimulationEvent {
    /// Everything listens.
    Listening(Listening),
    /// What the policies did to a request that is traced. It comes before the request's own event.
    Trace(Arc<RequestTrace>),
    /// A request is over.
    Request(Box<RequestRecord>),
    /// A request to Front Door is over. The gateway tells of it in an event of its own.
    Edge(Box<EdgeRecord>),
    /// Front Door's probes have found a gateway healthy, or no longer so.
    Health(HealthReport),
    /// A fault has been set, or taken away (`clear`) by somebody or by the end of its time.
    Fault(FaultCommand),
    /// Other gateways or resources are in place.
    Reload(Reloaded),
    /// Something went wrong that is no fault on purpose.
    Error(ErrorReport),
}

/// Where everything listens. URLs are roots: scheme, host, port.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listening {
    /// The global entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_door: Option<String>,
    /// The gateways, by region.
    #[serde(serialize_with = "map")]
    pub gateways: IndexMap<Text, String>,
    /// The resources, by backend id.
    #[serde(serialize_with = "map")]
    pub backends: IndexMap<Text, String>,
    /// The control endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// A key for the gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_key: Option<Text>,
    /// What `Apim-Debug-Authorization` must say for a trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_token: Option<Text>,
}

/// Where everything listens after a reload.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reloaded {
    /// The global entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_door: Option<String>,
    /// The gateways, by region.
    #[serde(serialize_with = "map")]
    pub gateways: IndexMap<Text, String>,
    /// The resources, by backend id.
    #[serde(serialize_with = "map")]
    pub backends: IndexMap<Text, String>,
}

/// Something went wrong that is no fault on purpose.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorReport {
    /// What, in words.
    pub message: String,
    /// The request that met it.
    #[serde(rename = "request", serialize_with = "optional_guid", skip_serializing_if = "Option::is_none")]
    pub request: Option<[u8; 16]>,
}

/// What the policies did to a request, policy by policy. Secrets are masked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestTrace {
    /// The request's id, as in its own event.
    #[serde(serialize_with = "guid")]
    pub id: [u8; 16],
    /// The region of the gateway.
    pub gateway: Text,
    /// One record a policy, in the order in which they ended.
    pub records: Vec<Record>,
}

/// One request to a gateway, from its head to the last byte of the answer. Tells no header values, no query, no keys.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRecord {
    /// When its head was complete.
    #[serde(serialize_with = "rfc3339")]
    pub time: Moment,
    /// Names it in these events.
    #[serde(serialize_with = "guid")]
    pub id: [u8; 16],
    /// The region of the gateway.
    pub gateway: Text,
    /// The method.
    pub method: Text,
    /// The path, without the query.
    pub path: Text,
    /// The tracking reference (`X-Azure-Ref`) of a request that came through Front Door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_door: Option<Text>,
    /// What the client got; 499 where it hung up before.
    pub status: u16,
    /// Whose answer it is: what the header says, else the last backend that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<Text>,
    /// The calls to backends, in the order in which they settled.
    pub attempts: Vec<Attempt>,
    /// Until the last byte, in JSON as whole milliseconds.
    #[serde(serialize_with = "milliseconds")]
    pub ms: Duration,
    /// Why the answer did not reach the client whole: `client-gone`, `cut-body` or the fault of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The bytes of the answer's body that went out.
    #[serde(skip)]
    pub bytes: u64,
    /// The number that the client of a scenario's load gave it.
    #[serde(skip)]
    pub number: Option<u64>,
}

/// One request to Front Door, from its head to the last byte of the answer. Tells no header values, no query, no keys.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EdgeRecord {
    /// When its head was complete.
    #[serde(serialize_with = "rfc3339")]
    pub time: Moment,
    /// Its tracking reference: `X-Azure-Ref`.
    pub reference: Text,
    /// The method.
    pub method: Text,
    /// The path, without the query.
    pub path: Text,
    /// What the client got; 499 where it hung up before.
    pub status: u16,
    /// The region of the gateway whose answer it is; none where the edge answered itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Text>,
    /// The gateways that were asked, in order.
    #[serde(serialize_with = "gateways")]
    pub attempts: Vec<Attempt>,
    /// The firewall rules that it met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waf: Vec<WafMatch>,
    /// Until the last byte, in JSON as whole milliseconds.
    #[serde(serialize_with = "milliseconds")]
    pub ms: Duration,
    /// Why the edge answered itself (`waf-block`, `connection-refused` …), or why the answer is not whole (`client-gone`, `cut-body`, `origin-idle`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
    /// The number that the client of a scenario's load gave it.
    #[serde(skip)]
    pub number: Option<u64>,
    /// The firewall's rule that kept it from going on.
    #[serde(skip)]
    pub blocked: Option<Text>,
}

/// Front Door's probes have found a gateway healthy, or no longer so.
#[derive(Clone, Debug, Serialize)]
pub struct HealthReport {
    /// The gateway's region.
    pub gateway: Text,
    /// Whether it gets requests from now on.
    pub healthy: bool,
}

/// One call to a backend.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// The backend's id; the host name where it has none.
    pub backend: Text,
    /// The backend's region, short name.
    #[serde(skip)]
    pub region: Option<Text>,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took: to the answer's head, or to its end where the policy takes the whole. In JSON whole milliseconds.
    #[serde(serialize_with = "milliseconds")]
    pub ms: Duration,
}

/// How a call to a backend went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// An answer, with this status.
    Status(u16),
    /// None: a word of the catalogue of faults.
    Error(&'static str),
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from((*duration + Duration::from_micros(500)).as_millis()).unwrap_or(u64::MAX))
}

/// Calls to gateways: the same as calls to backends, under another name.
fn gateways<S: Serializer>(attempts: &[Attempt], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Asked<'a> {
        gateway: &'a Text,
        #[serde(flatten)]
        outcome: Outcome,
        #[serde(serialize_with = "milliseconds")]
        ms: Duration,
    }
    serializer.collect_seq(attempts.iter().map(|attempt| Asked { gateway: &attempt.backend, outcome: attempt.outcome, ms: attempt.ms }))
}

fn map<S: Serializer>(map: &IndexMap<Text, String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map)
}

fn rfc3339<S: Serializer>(moment: &Moment, serializer: S) -> Result<S::Ok, S::Error> {
    let time = jiff::Timestamp::from_nanosecond(i128::from(moment.0.div_euclid(1_000_000)) * 1_000_000).unwrap_or_default();
    serializer.collect_str(&format_args!("{time:.3}"))
}

fn guid<S: Serializer>(guid: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&guid_text(*guid))
}

fn optional_guid<S: Serializer>(id: &Option<[u8; 16]>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(guid_text).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn events_are_plain_json() {
        let record = RequestRecord {
            time: Moment(1_763_690_060_007_999_999),
            id: [0xab; 16],
            gateway: "swedencentral".into(),
            method: "POST".into(),
            path: "/openai/x".into(),
            front_door: None,
            status: 200,
            served_by: Some("frc".into()),
            attempts: vec![
                Attempt { backend: "swc".into(), region: None, outcome: Outcome::Status(429), ms: Duration::from_micros(2600) },
                Attempt { backend: "frc".into(), region: None, outcome: Outcome::Error("hang"), ms: Duration::from_secs(1) },
            ],
            ms: Duration::from_micros(12_400),
            error: None,
            bytes: 7,
            number: None,
        };
        assert_eq!(
            to_value(SimulationEvent::Request(Box::new(record))).unwrap(),
            json!({
                "event": "request", "time": "2025-11-21T01:54:20.007Z", "id": "abababab-abab-abab-abab-abababababab", "gateway": "swedencentral",
                "method": "POST", "path": "/openai/x", "status": 200, "servedBy": "frc",
                "attempts": [{"backend": "swc", "status": 429, "ms": 3}, {"backend": "frc", "error": "hang", "ms": 1000}], "ms": 12,
            })
        );
        let command: FaultCommand = serde_json::from_value(json!({"target": "swc", "fault": "429", "retryAfterMs": 1000})).unwrap();
        assert_eq!(
            to_value(SimulationEvent::Fault(command)).unwrap(),
            json!({"event": "fault", "target": "swc", "fault": "429", "retryAfterMs": 1000})
        );
        let listening = Listening {
            gateways: [("swedencentral".into(), "http://127.0.0.1:1".to_owned())].into_iter().collect(),
            ..Listening::default()
        };
        assert_eq!(
            to_value(SimulationEvent::Listening(listening)).unwrap(),
            json!({"event": "listening", "gateways": {"swedencentral": "http://127.0.0.1:1"}, "backends": {}})
        );
        let error = ErrorReport { message: "x".into(), request: None };
        assert_eq!(to_value(SimulationEvent::Error(error)).unwrap(), json!({"event": "error", "message": "x"}));
    }
}
