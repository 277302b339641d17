//! The spec as the file writes it: every key once, with its type, its default and its sentence for the JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    fields::{Field, Fields, List, Map, Read, Reader, record, shown},
    model::{
        Endpoint, ManagedGroup, Order, ProbeMethod, ProbeProtocol, RetryCause, Sku, StatusRange, Strategy, WafAction, WafGroupBy, WafMode,
        WafOperator, WafTransform, WafVariable, WhenAllUnhealthy,
    },
    regions::Region,
    scalars::{
        ApiPath, Guid, HeaderName, Id, Lasting, ModelName, NamedValueName, Percent, ProbePath, RedirectUrl, RuleName, SecretUrl, Text,
        Truth, Whole, Window, Yes, schema,
    },
    tree::{Node, Value},
};

/// Whole seconds from 1 to 240: what a policy's timeouts take.
pub(crate) type AttemptTimeout = Lasting<1_000, 240_000, 1_000>;

record! {
    /// Where your Azure OpenAI regions are and how requests fail over between them.
    File {
        /// Version of this format; 1.
        required "version" version: Version;
        /// Name of the whole gateway: 1 to 80 letters in lower case, digits and `-`.
        required "name" name: Id;
        /// The API as API Management publishes it.
        default "api" api: Api = {};
        /// Layer 1: Azure Front Door in front of the gateways. Left out, clients call a gateway directly.
        default "frontDoor" front_door: FrontDoor;
        /// Layer 2: the regions of the API Management service.
        required "gateways" gateways: List<Gateway, 1, 10>;
        /// Layer 3: Azure OpenAI resources.
        required "backends" backends: List<Backend, 1, 10>;
        /// Named Values of API Management, each linked to a secret in Key Vault.
        default "namedValues" named_values: Map<NamedValueName, NamedValue> = {};
        /// When and how a request goes to another backend.
        default "failover" failover: Failover = {};
        /// Where data may be processed: `none`, `eu` (member states of the European Union) or a list of regions.
        default "dataBoundary" data_boundary: Boundary = "none";
        /// What the whole is meant to reach.
        default "objective" objective: Objective = {};
    }
}

record! {
    /// The API as API Management publishes it.
    Api {
        /// Id of the API within the service.
        default "id" id: Id = "azure-openai";
        /// Public path below the gateway's host, without a slash at either end.
        default "path" path: ApiPath = "openai";
        /// Whether callers must send a subscription key.
        default "subscriptionRequired" subscription_required: Truth = true;
        /// Request header that carries the subscription key. The OpenAI SDKs send `api-key`.
        default "subscriptionKeyHeader" subscription_key_header: HeaderName = "api-key";
    }
}

// 120s is what two attempts of 60s need, so that the defaults fit one another; it is also the default of Terraform's
// `azurerm_cdn_frontdoor_profile`. The generated artefacts always write it out, since the service's own default is 30s in the documentation
// (https://learn.microsoft.com/azure/frontdoor/troubleshoot-issues) and differs from tool to tool.
record! {
    /// Layer 1: Azure Front Door.
    FrontDoor {
        /// The profile's id, which gateways see in `X-Azure-FDID`: a GUID, known once the profile is deployed.
        default "id" id: Guid;
        /// Whether the generated policy refuses requests that carry another `X-Azure-FDID`.
        default "lockGateways" lock_gateways: Truth = false;
        /// How much slower than the fastest a gateway may be and still share its traffic: 0ms to 1000ms. With 0ms only the fastest gets traffic.
        default "latencySensitivity" latency_sensitivity: Lasting<0, 1_000, 1> = "0ms";
        /// How long the edge waits for a gateway's first byte: whole seconds, 16s to 240s. All attempts must fit.
        default "originResponseTimeout" origin_response_timeout: Lasting<16_000, 240_000, 1_000> = "120s";
        /// How long a gateway may be silent after its first byte: whole seconds, 1s to 240s. The service's own 30s cannot be configured there.
        default "originIdleTimeout" origin_idle_timeout: Lasting<1_000, 240_000, 1_000> = "30s";
        /// Whether clients that keep cookies stay with their gateway.
        default "sessionAffinity" session_affinity: Truth = false;
        /// Where requests go while no gateway is healthy: by priority as if all were, or to each in turn.
        default "whenAllUnhealthy" when_all_unhealthy: WhenAllUnhealthy = "priority";
        /// What makes the edge send a request to another gateway. A status never does.
        default "retryOn" retry_on: List<RetryCause, 0, 2> = ["connect-failure", "early-close"];
        /// How the edge finds out which gateways live.
        default "probe" probe: Probe = {};
        /// The web application firewall.
        default "waf" waf: Waf;
    }
}

record! {
    /// Health probe of a gateway; only status 200 counts as alive.
    Probe {
        /// Path that is asked for. The default is answered by API Management itself.
        default "path" path: ProbePath = "/status-0123456789abcdef";
        /// Method of the request.
        default "method" method: ProbeMethod = "GET";
        /// Whether it goes over TLS.
        default "protocol" protocol: ProbeProtocol = "https";
        /// Time between two probes: whole seconds, 1s to 255s.
        default "interval" interval: Lasting<1_000, 255_000, 1_000> = "30s";
        /// How many of the last probes are judged.
        default "sampleSize" sample_size: Whole<0, 255> = 4;
        /// How many of them must have been good; at most `sampleSize`.
        default "successfulSamples" successful_samples: Whole<0, 255> = 3;
    }
}

record! {
    /// The web application firewall.
    Waf {
        /// Whether rules act or only log.
        default "mode" mode: WafMode = "prevention";
        /// Rules; the lowest priority number is looked at first.
        default "rules" rules: List<WafRule, 0, 100> = [];
        /// Groups of managed rules that are on: a small stand-in for the Default Rule Set.
        default "managedRules" managed_rules: List<ManagedGroup, 0, 4> = [];
        /// Where rules with the action `redirect` send the client: an `https` URL.
        default "redirectUrl" redirect_url: RedirectUrl;
        /// Status of a blocked request instead of 403 (429 for a rate limit): 200, 403, 405, 406, 429 or 990 to 999.
        default "blockStatus" block_status: Whole<200, 999>;
        /// Body of a blocked request as plain text; `{{azure-ref}}` stands for the tracking reference.
        default "blockBody" block_body: Text;
    }
}

record! {
    /// One rule of the firewall. It has `match`, `rateLimit` or both.
    WafRule {
        /// Name: a letter, then letters, digits and `-`.
        required "name" name: RuleName;
        /// Order of evaluation, lowest first; unique.
        required "priority" priority: Whole<1, 100_000>;
        /// What happens to a request that matches.
        required "action" action: WafAction;
        /// Conditions that must all hold. Left out in a rate limit rule, every request counts.
        default "match" conditions: List<WafCondition, 1, 10>;
        /// Makes this a rate limit rule: the action is taken above the threshold only.
        default "rateLimit" rate_limit: WafRateLimit;
    }
}

record! {
    /// One condition of a firewall rule; any of the values may match.
    WafCondition {
        /// The part of the request that is looked at.
        required "variable" variable: WafVariable;
        /// The key within it: name of a header, a cookie, or an argument of query or form.
        default "selector" selector: Text;
        /// How it is compared. Size operators compare lengths in bytes.
        required "operator" operator: WafOperator;
        /// What it is compared with; none for `Any`.
        default "values" values: List<Text, 0, 600> = [];
        /// Whether the condition holds when nothing matches.
        default "negate" negate: Truth = false;
        /// Applied to the request's text, in this order, before it is compared.
        default "transforms" transforms: List<WafTransform, 0, 5> = [];
    }
}

record! {
    /// Rate limit of a firewall rule, counted in fixed windows.
    WafRateLimit {
        /// Requests that one key may send in a window.
        required "threshold" threshold: Whole<1, 2_147_483_647>;
        /// Length of the window: 1m or 5m.
        default "window" window: Window = "1m";
        /// What shares one counter.
        default "groupBy" group_by: WafGroupBy = "SocketAddr";
    }
}

record! {
    /// One region of the API Management service.
    Gateway {
        /// The region's short name.
        required "region" region: Region;
        /// Front Door's priority of this origin, lowest first.
        default "priority" priority: Whole<1, 5> = 1;
        /// Front Door's weight of this origin among equal priorities.
        default "weight" weight: Whole<1, 1_000> = 500;
    }
}

record! {
    /// One Azure OpenAI resource.
    Backend {
        /// Unique id: letters in lower case, digits and `-`. Answers carry it.
        required "id" id: Id;
        /// Where the resource is.
        required "region" region: Region;
        /// Name of its Azure subscription, where several resources of a region share one: they share their quotas then.
        default "subscription" subscription: ModelName;
        /// Its URL: `https://NAME.openai.azure.com`.
        required "endpoint" endpoint: Endpoint;
        /// How the gateway proves who it is.
        required "auth" auth: Auth;
        /// Lower is tried first; equal priorities share by weight.
        default "priority" priority: Whole<1, 4_294_967_295> = 1;
        /// Share among backends of equal priority.
        default "weight" weight: Whole<1, 1_000> = 1;
        /// What is deployed, by public model name: the name that clients use.
        required "deployments" deployments: Map<ModelName, Deployment, 1>;
    }
}

record! {
    /// How the gateway proves to a backend who it is: one of the two.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
    Auth {
        /// Name of the Named Value that holds the resource's key.
        default "apiKey" api_key: NamedValueName;
        /// A token of the gateway's managed identity.
        default "managedIdentity" managed_identity: Yes;
    }
}

record! {
    /// A model deployed to a backend.
    Deployment {
        /// Name of the deployment at this backend; the public model name where it is left out.
        default "name" name: ModelName;
        /// The model; the public model name where it is left out.
        default "model" model: ModelName;
        /// The model's version: `2024-11-20`.
        default "version" version: ModelName;
        /// Kind of deployment: where it may run and how it is paid.
        default "sku" sku: Sku = "Standard";
        /// Token quota a minute, of a deployment paid by tokens.
        default "tokensPerMinute" tokens_per_minute: Whole<1, 1_000_000_000>;
        /// Request quota a minute, where it differs from what follows of the token quota.
        default "requestsPerMinute" requests_per_minute: Whole<1, 1_000_000_000>;
        /// Provisioned throughput units, of a provisioned deployment.
        default "units" units: Whole<1, 1_000_000>;
        /// Name of the deployment at the same backend that takes what this provisioned one has no room for.
        default "spillover" spillover: ModelName;
    }
}

record! {
    /// A Named Value of API Management, linked to Key Vault.
    NamedValue {
        /// URL of the secret: `https://VAULT.vault.azure.net/secrets/NAME`.
        required "keyVault" key_vault: SecretUrl;
    }
}

record! {
    /// When and how a request goes to another backend.
    Failover {
        /// The mechanism of the generated policy.
        default "strategy" strategy: Strategy = "send-request";
        /// Which backend comes first: the one nearest to the gateway, or the one with the lowest priority.
        default "order" order: Order = "nearest-first";
        /// What makes an attempt a failure.
        default "on" on: On = {};
        /// How long one attempt may take: whole seconds, 1s to 240s.
        default "attemptTimeout" attempt_timeout: AttemptTimeout = "60s";
        /// How many backends are tried for one request.
        default "maxAttempts" max_attempts: Whole<1, 10> = 2;
        /// Further request headers that later attempts carry.
        default "forwardHeaders" forward_headers: List<HeaderName, 0, 50> = [];
        /// Whether a backend is skipped until the `Retry-After` that it gave has passed.
        default "throttleMemory" throttle_memory: Truth = true;
        /// Names of the headers that every answer carries.
        default "headers" headers: Headers = {};
    }
}

record! {
    /// What makes an attempt a failure.
    On {
        /// Statuses and ranges of statuses, within 400 to 599. 401 and 403 of a backend mean our credential, not the client's.
        default "statuses" statuses: List<StatusRange, 0, 50> = ["401", "403", "408", "429", "500-599"];
        /// Whether a connection that cannot be made, or breaks, is a failure.
        default "connectionFailure" connection_failure: Truth = true;
        /// Whether an attempt that takes too long is a failure.
        default "timeout" timeout: Truth = true;
    }
}

record! {
    /// Names of the headers that every answer carries.
    Headers {
        /// Carries the id of the backend that answered.
        default "servedBy" served_by: HeaderName = "X-Served-By";
        /// Carries the number of attempts.
        default "attempts" attempts: HeaderName = "X-Failover-Attempts";
    }
}

record! {
    /// What the whole is meant to reach.
    Objective {
        /// Good answers in percent of requests sent.
        default "availability" availability: Percent = 99.95;
    }
}

/// Gives the words of an enumeration; the file spells them exactly so.
macro_rules! words {
    ($type:ident { $($word:literal => $variant:ident),* $(,)? }) => {
        impl Read for $type {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                reader.word(node, &[$(($word, Self::$variant)),*])
            }
        }
        schema!([] $type, stringify!($type), json_schema!({ "type": "string", "enum": [$($word),*] }));
    };
}

pub(crate) use words;

words!(Strategy { "send-request" => SendRequest, "retry" => Retry, "backend-pool" => BackendPool });
words!(Order { "nearest-first" => NearestFirst, "priority" => Priority });
words!(WafMode { "prevention" => Prevention, "detection" => Detection });
words!(WafAction { "allow" => Allow, "block" => Block, "log" => Log, "redirect" => Redirect });
words!(ManagedGroup { "LFI" => Lfi, "RCE" => Rce, "XSS" => Xss, "SQLI" => Sqli });
words!(ProbeMethod { "GET" => Get, "HEAD" => Head });
words!(ProbeProtocol { "https" => Https, "http" => Http });
words!(WhenAllUnhealthy { "priority" => Priority, "round-robin" => RoundRobin });
words!(RetryCause { "connect-failure" => ConnectFailure, "early-close" => EarlyClose });
words!(WafGroupBy { "SocketAddr" => SocketAddr, "GeoLocation" => GeoLocation, "None" => None });
words!(WafVariable {
    "RemoteAddr" => RemoteAddr, "SocketAddr" => SocketAddr, "RequestMethod" => RequestMethod, "QueryString" => QueryString,
    "PostArgs" => PostArgs, "RequestUri" => RequestUri, "RequestHeader" => RequestHeader, "RequestBody" => RequestBody, "Cookies" => Cookies,
});
words!(WafOperator {
    "Any" => Any, "IPMatch" => IpMatch, "GeoMatch" => GeoMatch, "Equal" => Equal, "Contains" => Contains, "LessThan" => LessThan,
    "GreaterThan" => GreaterThan, "LessThanOrEqual" => LessThanOrEqual, "GreaterThanOrEqual" => GreaterThanOrEqual,
    "BeginsWith" => BeginsWith, "EndsWith" => EndsWith, "RegEx" => RegEx,
});
words!(WafTransform {
    "Lowercase" => Lowercase, "Uppercase" => Uppercase, "Trim" => Trim, "UrlDecode" => UrlDecode, "UrlEncode" => UrlEncode,
    "RemoveNulls" => RemoveNulls,
});

/// The kinds of deployment that answer live requests: <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/deployment-types>.
const SKUS: &[(&str, Sku)] = &[
    ("Standard", Sku::Standard),
    ("ProvisionedManaged", Sku::ProvisionedManaged),
    ("DataZoneStandard", Sku::DataZoneStandard),
    ("DataZoneProvisionedManaged", Sku::DataZoneProvisionedManaged),
    ("GlobalStandard", Sku::GlobalStandard),
    ("GlobalProvisionedManaged", Sku::GlobalProvisionedManaged),
];

impl Read for Sku {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let why = match &node.value {
            Value::Scalar { text, .. } if matches!(text.as_str(), "GlobalBatch" | "DataZoneBatch") => {
                "answers within a day, not while a client waits"
            }
            Value::Scalar { text, .. } if text == "DeveloperTier" => "lives for a day and promises no availability",
            _ => return reader.word(node, SKUS),
        };
        let text = reader.text(node, "a kind of deployment")?;
        reader.error("spec/unknown-value", node.span, format!("a `{text}` deployment cannot stand behind a gateway"), format!("it {why}"));
        None
    }
}
schema!([] Sku, "Sku", json_schema!({ "type": "string", "enum": SKUS.iter().map(|(word, _)| *word).collect::<Vec<_>>() }));

/// Version of the format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version(pub(crate) u32);

impl Read for Version {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "the number 1")?;
        if text == "1" {
            return Some(Self(1));
        }
        let message = format!("version `{}` of the format is not known", shown(text));
        reader.error("spec/unsupported-version", node.span, message, "write `version: 1`");
        None
    }
}
schema!([] Version, "Version", json_schema!({ "const": 1 }));

/// A data boundary: one of two words, or a list of regions.
#[derive(Clone, Debug)]
pub(crate) enum Boundary {
    None,
    Eu,
    Regions(List<Region, 1, 100>),
}

impl Read for Boundary {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            // A list with a fault in it says nothing sure of what is inside.
            Value::List(items) => {
                List::read(node, reader).filter(|list| !items.is_empty() && list.0.len() == items.len()).map(Self::Regions)
            }
            Value::Scalar { text, .. } if Region::named(text).is_some() => {
                let message = format!("`{text}` is a region, and a list is wanted here");
                reader.error("spec/wrong-type", node.span, message, format!("write `[{text}]`"));
                None
            }
            Value::Scalar { .. } => reader.word(node, &[("none", false), ("eu", true)]).map(|eu| if eu { Self::Eu } else { Self::None }),
            _ => {
                reader.wrong_type(node, "`none`, `eu` or a list of regions");
                None
            }
        }
    }
}

impl JsonSchema for Boundary {
    fn schema_name() -> Cow<'static, str> {
        "DataBoundary".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["none", "eu"] }, generator.subschema_for::<List<Region, 1, 100>>()] })
    }
}
