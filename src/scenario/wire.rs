//! The scenario as the file writes it: every key once, with its type, its default and its sentence for the JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::scalars::{
    Amount, ClientName, Expectation, FaultQuota, FaultShare, FaultWord, HeaderValue, Method, QueryText, Rate, RequestPath, Share,
};
use crate::spec::{
    Endpoint, Region,
    fields::{Field, Fields, List, Map, Read, Reader, record},
    scalars::{ApiPath, FilePath, HeaderName, Id, Lasting, ModelName, NamedValueName, Text, Whole, schema},
    tree::{Node, Value},
    wire::{Deployment, words},
};

/// A year in milliseconds: longer than anybody waits for.
const YEAR: u64 = 366 * 24 * 3_600_000;

/// A time from the scenario's beginning.
pub(super) type Time = Lasting<0, YEAR, 1>;
/// A length of time that is not nothing.
pub(super) type Length = Lasting<1, YEAR, 1>;

record! {
    /// What happens to a world for a while, and what is expected of it.
    File {
        /// Name in reports; the file's without its extension where it is left out.
        default "name" name: Text;
        /// What it is about, for people.
        default "description" description: Text;
        /// The region spec whose world it is. Paths are relative to this file.
        default "spec" spec: FilePath;
        /// A policy document in place of the generated one; without a spec, in a world of `gateways` and `backends`.
        default "policy" policy: FilePath;
        /// The folder of an API Management service, in place of spec and policy.
        default "service" service: FilePath;
        /// Backend entities as JSON: resources of the type Microsoft.ApiManagement/service/backends.
        default "backendEntities" backend_entities: FilePath;
        /// What else the service holds: schemas, certificates, connections, rules for content safety; see `schema entities`.
        default "entities" entities: FilePath;
        /// Regions of the gateways, where there is no spec; `swedencentral` without.
        default "gateways" gateways: List<Region, 1, 10>;
        /// Azure OpenAI resources, where there is no spec, or besides its own.
        default "backends" backends: List<Resource, 1, 50>;
        /// Public path of the API that the load calls, where there is no spec; `openai` without.
        default "api" api: ApiPath;
        /// Values of Named Values; those of a spec are made up without.
        default "namedValues" named_values: Map<NamedValueName, Text> = {};
        /// Where everything random begins.
        default "seed" seed: Whole<0, 18_446_744_073_709_551_615> = 0;
        /// How long requests arrive, in simulated time.
        required "duration" duration: Length;
        /// Who asks for what, how often.
        required "load" load: List<Load, 1, 100>;
        /// What goes wrong when; expectations name faults by their number in this list, from 1.
        default "faults" faults: List<Fault, 0, 1_000> = [];
        /// What must hold in the end.
        default "expect" expect: List<Expectation, 0, 1_000> = [];
    }
}

record! {
    /// An Azure OpenAI resource that the scenario declares itself.
    Resource {
        /// Unique id: its name in reports and as the target of faults.
        required "id" id: Id;
        /// Where the resource is.
        required "region" region: Region;
        /// Its URL: `https://NAME.openai.azure.com`.
        required "endpoint" endpoint: Endpoint;
        /// Its key; without one, any key is good.
        default "key" key: Text;
        /// What is deployed, by the name in the URL.
        required "deployments" deployments: Map<ModelName, Deployment, 1>;
    }
}

record! {
    /// Clients of one kind. How their requests arrive is one of `rate`, `ramp`, `daily`, `bursts`, `trace` and `users`.
    Load {
        /// What expectations and reports call them; `load 1` for the first without a name.
        default "name" name: ClientName;
        /// Where they are.
        required "from" from: Region;
        /// The region of the gateway that they call; without it through Front Door where there is one, else the nearest gateway.
        default "via" via: Region;
        /// Mean rate of requests: `1/s`, `30/m`, `200/h`.
        default "rate" rate: Rate;
        /// How the requests of `rate` are spread: at random or evenly.
        default "arrivals" arrivals: Spread = "poisson";
        /// A rate that changes evenly over the load's time.
        default "ramp" ramp: Ramp;
        /// A rate that follows the day.
        default "daily" daily: Daily;
        /// Many requests at once now and then.
        default "bursts" bursts: Bursts;
        /// Recorded requests: a CSV file.
        default "trace" trace: FilePath;
        /// So many users, each of whom waits for an answer, thinks, and asks again.
        default "users" users: Whole<1, 100_000>;
        /// Mean time between an answer and the user's next request.
        default "think" think: Time;
        /// When it begins.
        default "start" start: Time = "0s";
        /// When it ends; with the scenario where it is left out.
        default "end" end: Length;
        /// How long it lasts, in place of `end`.
        default "for" lasts: Length;
        /// The public model name.
        default "model" model: ModelName;
        /// Several kinds of requests, in place of `model`. What an item leaves out is as the load says.
        default "mix" mix: List<Kind, 1, 100>;
        /// What is asked for.
        default "operation" operation: Operation;
        /// Method of a request that is none of the operations.
        default "method" method: Method;
        /// Path and query below the gateway's host of a request that is none of the operations.
        default "path" path: RequestPath;
        /// Body of a request that is none of the operations.
        default "body" body: Text;
        /// How long prompts are, in tokens.
        default "promptTokens" prompt_tokens: Amount = 300;
        /// The most tokens that an answer may have; the request does not say without.
        default "maxTokens" max_tokens: Amount;
        /// What a prompt says at its beginning.
        default "prompt" prompt: Text;
        /// Further header fields.
        default "headers" headers: Map<HeaderName, HeaderValue> = {};
        /// A query besides `api-version`, without the question mark.
        default "query" query: QueryText;
        /// The share of requests that want a stream.
        default "streaming" streaming: Share = "0%";
        /// How often a client tries again after 408, 409, 429, a 5xx, a broken connection or a timeout: as the OpenAI SDKs do.
        default "retries" retries: Whole<0, 100> = 2;
        /// How long a client waits for an answer, or between two pieces of a stream.
        default "timeout" timeout: Length = "600s";
    }
}

record! {
    /// One kind of request in a mix.
    Kind {
        /// Its share of all requests; equal shares where none says.
        default "share" share: Share;
        /// The public model name.
        default "model" model: ModelName;
        /// What is asked for.
        default "operation" operation: Operation;
        /// Method of a request that is none of the operations.
        default "method" method: Method;
        /// Path and query below the gateway's host of a request that is none of the operations.
        default "path" path: RequestPath;
        /// Body of a request that is none of the operations.
        default "body" body: Text;
        /// How long prompts are, in tokens.
        default "promptTokens" prompt_tokens: Amount;
        /// The most tokens that an answer may have.
        default "maxTokens" max_tokens: Amount;
        /// What a prompt says at its beginning.
        default "prompt" prompt: Text;
        /// Further header fields.
        default "headers" headers: Map<HeaderName, HeaderValue>;
        /// A query besides `api-version`, without the question mark.
        default "query" query: QueryText;
    }
}

record! {
    /// A rate that changes evenly over the load's time.
    Ramp {
        /// The rate at its start.
        required "from" from: Rate;
        /// The rate at its end.
        required "to" to: Rate;
    }
}

record! {
    /// A rate that follows the day, as a cosine. The scenario begins at midnight.
    Daily {
        /// The lowest rate, 12 hours from the peak.
        required "low" low: Rate;
        /// The highest rate.
        required "peak" peak: Rate;
        /// When the rate is highest, from midnight.
        default "peakAt" peak_at: Lasting<0, 86_400_000, 1> = "14h";
    }
}

record! {
    /// Many requests at once now and then.
    Bursts {
        /// The mean rate between the bursts.
        default "rate" rate: Rate = "0/s";
        /// Requests of a burst.
        required "size" size: Whole<1, 1_000_000>;
        /// From one burst to the next; the first comes so long after the load's start.
        required "every" every: Length;
    }
}

record! {
    /// Something that goes wrong for a while. It has one target: a backend, a region, a gateway, a deployment or a link.
    Fault {
        /// When it begins.
        default "at" at: Time = "0s";
        /// How long it lasts; to the end where it is left out.
        default "for" lasts: Length;
        /// One Azure OpenAI resource, by its id.
        default "backend" backend: Text;
        /// A region: its gateway and its resources.
        default "region" region: Text;
        /// The gateway of a region alone.
        default "gateway" gateway: Text;
        /// One deployment of a resource.
        default "deployment" deployment: Text;
        /// The network between two regions.
        default "link" link: Text;
        /// What goes wrong: a status, or a word of the catalogue.
        required "fault" fault: FaultWord;
        /// The share of requests that it holds for.
        default "rate" rate: FaultShare;
        /// It comes and goes: it holds in the first half of each period.
        default "period" period: Length;
        /// What `retry-after` and `retry-after-ms` say.
        default "retryAfter" retry_after: Time;
        /// Header fields of the answer, in place of the service's own.
        default "headers" headers: Map<HeaderName, HeaderValue>;
        /// Body of the answer, in place of the service's own.
        default "body" body: Text;
        /// How late the first byte is; with `slow-tokens`, each piece of a stream.
        default "delay" delay: Time;
        /// How many pieces of a stream come before it ends; half of them without.
        default "pieces" pieces: Whole<0, 1_000_000>;
        /// What the limit of a deployment falls to: a number, or a share of what it is.
        default "tokensPerMinute" tokens_per_minute: FaultQuota;
    }
}

/// How the requests of a rate are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    Poisson,
    Constant,
}
words!(Spread { "poisson" => Poisson, "constant" => Constant });

/// The operations that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Chat,
    Completion,
    Embedding,
    ChatV1,
    EmbeddingV1,
    Responses,
}
words!(Operation {
    "chat" => Chat, "completion" => Completion, "embedding" => Embedding, "chat-v1" => ChatV1, "embedding-v1" => EmbeddingV1,
    "responses" => Responses,
});

impl Read for Amount {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::Map(entries) if entries.iter().any(|entry| matches!(entry.key.as_str(), "median" | "p95")) => {
                let range = LogNormal::read(node, reader)?;
                let (median, p95) = (range.median.get()?, range.p95.get()?);
                if p95.value.0 < median.value.0 {
                    reader.error("scenario/out-of-range", p95.span, "`p95` lies below the median", "95 of 100 are at most this large");
                    return None;
                }
                Some(Self(super::Amount::LogNormal(median.value.0, p95.value.0)))
            }
            Value::Map(_) => {
                let range = Uniform::read(node, reader)?;
                let (from, to) = (range.from.get()?, range.to.get()?);
                if to.value.0 < from.value.0 {
                    reader.error("scenario/out-of-range", to.span, "`to` lies below `from`", "give the smaller number first");
                    return None;
                }
                Some(Self(super::Amount::Uniform(from.value.0, to.value.0)))
            }
            _ => Tokens::read(node, reader).map(|number| Self(super::Amount::Fixed(number.0))),
        }
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = [generator.subschema_for::<Tokens>(), generator.subschema_for::<Uniform>(), generator.subschema_for::<LogNormal>()];
        json_schema!({ "description": "A number that may vary from request to request.", "anyOf": forms })
    }
}

/// So many tokens.
type Tokens = Whole<0, 10_000_000>;

record! {
    /// Any number from the first to the second, both included.
    Uniform {
        /// The smallest.
        required "from" from: Tokens;
        /// The largest.
        required "to" to: Tokens;
    }
}

record! {
    /// Log-normal: most numbers near the median, few far above it.
    LogNormal {
        /// Half lie below this.
        required "median" median: Whole<1, 10_000_000>;
        /// 95 of 100 lie at or below this.
        required "p95" p95: Whole<1, 10_000_000>;
    }
}

schema!([] FaultWord, "Fault word", super::scalars::fault_schema());
