//! What an expression looks at, for whoever wants to know beforehand whether another request could give another value.

use std::{collections::HashSet, sync::LazyLock};

use super::{
    converts_alike,
    members::{is_repeatable, reads_entry},
};
use crate::{
    dotnet::{
        context::{self, Message, Part, entities},
        registry,
        types::Class,
        value::Value,
    },
    expression::program::{Function, Node},
    http::FieldName,
    text::Text,
};

/// What an expression looks at beside the request's line, body, client and variables, what the service is and who is subscribed to it, and the
/// status of the response.
#[derive(Clone, Debug)]
pub struct Looks {
    /// Whether that is nothing but the header fields below: what is told from one request to the next (id, times, errors, whether it is traced), the
    /// rest of a response and all fields together are not looked at. The clock and chance are not known of: who asks them is found out when they are asked.
    pub is_narrow: bool,
    /// Header fields of the request, by name.
    pub headers: Vec<FieldName>,
}

impl Looks {
    /// At nothing.
    pub fn none() -> Self {
        Self { is_narrow: true, headers: Vec::new() }
    }

    /// What a function looks at.
    pub(in crate::expression) fn of(main: &Function) -> Self {
        let mut looks = Self::none();
        main.nodes(&mut |node| looks.see(node, false));
        looks
    }

    /// At what this looks at too.
    pub fn add(&mut self, other: &Self) {
        self.is_narrow &= other.is_narrow;
        let new = other.headers.iter().filter(|name| !self.headers.contains(name)).cloned().collect::<Vec<_>>();
        self.headers.extend(new);
    }

    /// `asked`: a member of `context` or of one of its parts is asked of the node, which as a whole goes nowhere.
    fn see(&mut self, node: &Node, asked: bool) {
        match node {
            Node::Constant(Value::Object(_)) => self.is_narrow = false,
            Node::Constant(Value::Context(_)) => self.is_narrow &= asked,
            Node::HeaderOr(header) => self.headers.push(header.name.clone()),
            Node::Call(call) => match call.arguments.as_ref() {
                [Node::Constant(Value::Context(Part::Headers(Message::Request))), names @ ..] if reads_entry(call.native as usize) => {
                    match names {
                        [Node::Constant(Value::String(name)), default @ ..] => {
                            self.headers.push(FieldName::new(Text::copied(&name.as_str())));
                            default.iter().for_each(|node| self.see(node, false));
                        }
                        _ => self.is_narrow = false,
                    }
                }
                [Node::Constant(Value::Context(Part::Headers(_))), ..] => self.is_narrow = false,
                [first, rest @ ..] if reads_entry(call.native as usize) || is_narrow(call.native as usize) => {
                    self.see(first, true);
                    rest.iter().for_each(|node| self.see(node, false));
                }
                all => {
                    self.is_narrow &= is_repeatable(call.native as usize);
                    all.iter().for_each(|node| self.see(node, false));
                }
            },
            Node::Property(native, receiver) if is_narrow(*native as usize) => {
                self.is_narrow &= asked || !gives_part(*native as usize);
                self.see(receiver, true);
            }
            Node::Property(native, receiver) => {
                self.is_narrow &= is_repeatable(*native as usize);
                self.see(receiver, false);
            }
            // Which object something is, another request may answer otherwise; whether it is there at all is asked of a part too.
            Node::Same(left, right, _) => match (&**left, &**right) {
                (Node::Constant(Value::Null), other) | (other, Node::Constant(Value::Null)) => self.see(other, true),
                _ => self.is_narrow = false,
            },
            Node::MethodGroup(group) => {
                self.is_narrow &= is_repeatable(group.native as usize);
                group.receiver.iter().for_each(|node| self.see(node, false));
            }
            Node::Convert(conversion, node) => {
                self.is_narrow &= converts_alike(conversion);
                self.see(node, false);
            }
            node => node.parts(&mut |part| self.see(part, false)),
        }
    }
}

/// Members of `context` and its parts that show what is the same for the same request, service and status.
static NARROW: LazyLock<HashSet<usize>> = LazyLock::new(|| natives(shows_request));

/// Those of them that give a part of `context`.
static PARTS: LazyLock<HashSet<usize>> = LazyLock::new(|| {
    let is_part = |ty: &str| ty == "IReadOnlyDictionary" || ALL.iter().any(|class| class.name == ty);
    natives(|class, signature| shows_request(class, signature) && signature.split([' ', '<']).next().is_some_and(is_part))
});

fn is_narrow(native: usize) -> bool {
    NARROW.contains(&native)
}

fn gives_part(native: usize) -> bool {
    PARTS.contains(&native)
}

/// Where the code of the members lies that are `wanted`, and of no others of these classes: members whose code is the same may share its place.
fn natives(wanted: impl Fn(&Class, &str) -> bool) -> HashSet<usize> {
    let (mut is, mut is_not) = (HashSet::new(), HashSet::new());
    for class in ALL {
        for member in class.members {
            let place = member.native as usize;
            if wanted(class, member.signature) {
                is.insert(place)
            } else {
                is_not.insert(place)
            };
        }
    }
    is.retain(|place| !is_not.contains(place));
    is
}

/// The classes of `context`'s parts.
static ALL: [&Class; 19] = [
    &registry::CONTEXT,
    &registry::REQUEST,
    &registry::RESPONSE,
    &registry::MESSAGE_BODY,
    &registry::IURL,
    &registry::DEPLOYMENT,
    &context::SUSTAINABILITY,
    &context::FOUNDRY,
    &context::DEPLOYMENT_GATEWAY,
    &registry::LAST_ERROR,
    &registry::API,
    &registry::KEY_NAMES,
    &registry::OPERATION,
    &registry::PRODUCT,
    &entities::GROUP,
    &registry::SUBSCRIPTION,
    &registry::USER,
    &entities::WORKSPACE,
    &entities::BACKEND,
];

/// Not among them: what tells one request from the next, errors, all header fields together, and all of a response but its status.
fn shows_request(class: &Class, signature: &str) -> bool {
    const CONTEXT: [&str; 11] =
        ["Api", "Backend", "Deployment", "Operation", "Product", "Request", "Response", "Subscription", "User", "Variables", "Workspace"];
    const REQUEST: [&str; 7] = ["Body", "Foundry", "IpAddress", "MatchedParameters", "Method", "OriginalUrl", "Url"];
    const DEPLOYMENT: [&str; 6] = ["Gateway", "GatewayId", "Region", "ServiceId", "ServiceName", "SustainabilityInfo"];
    let is_of = |names: &[&str]| {
        signature.strip_suffix(" { get; }").and_then(|rest| rest.rsplit(' ').next()).is_some_and(|name| names.contains(&name))
    };
    match class.name {
        "IProxyRequestContext" => is_of(&CONTEXT),
        "IRequest" => is_of(&REQUEST),
        "IResponse" => is_of(&["StatusCode"]),
        "IDeployment" => is_of(&DEPLOYMENT),
        "ILastError" => false,
        // What the service is made of, the pieces of a URL, ways to read a body.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        csharp::Code,
        expression::{Form, Target, compile},
        source::Source,
    };

    fn looks(code: &str) -> Looks {
        let source = Source::new("expression", code.to_owned());
        let form = if code.contains("return") { Form::Block } else { Form::Expression };
        compile(&Code::mapped(&source, code.to_owned(), vec![(0, 0)]), form, Target::Any).unwrap().looks().clone()
    }

    #[test]
    fn what_is_the_same_for_the_same_request_is_narrow() {
        for (code, headers) in [
            ("context.Request.Method + context.Request.OriginalUrl.Path", vec![]),
            ("context.Request.Body.As<byte[]>(preserveContent: true)", vec![]),
            ("context.Request.Body != null", vec![]),
            ("context.Request.Headers.GetValueOrDefault(\"Accept\", \"\")", vec!["Accept"]),
            ("context.Request.Headers.ContainsKey(\"x-a\") ? context.Request.Headers[\"x-b\"][0] : \"\"", vec!["x-a", "x-b"]),
            ("context.Response == null ? 0 : context.Response.StatusCode", vec![]),
            ("(string)context.Variables[\"a\"] + context.Variables.GetValueOrDefault<int>(\"b\", 0).ToString()", vec![]),
            (
                "context.Request.Headers.GetValueOrDefault(\"x-a\", context.Request.Headers.GetValueOrDefault(\"x-b\", \"\"))",
                vec!["x-a", "x-b"],
            ),
            ("context.Api.Protocols.Contains(\"https\")", vec![]),
            ("context.Api.Id + context.Deployment.Region + context.Operation.Name", vec![]),
            ("context.Subscription == null ? \"\" : context.Subscription.Key", vec![]),
            ("context.Request.OriginalUrl.Query.GetValueOrDefault(\"api-version\", \"\")", vec![]),
            ("var path = context.Request.Url.Path; return path.Split('/')[1].ToUpperInvariant();", vec![]),
        ] {
            let looks = looks(code);
            let names: Vec<&str> = looks.headers.iter().map(FieldName::as_str).collect();
            assert_eq!((looks.is_narrow, names), (true, headers), "{code}");
        }
    }

    #[test]
    fn what_may_differ_is_not() {
        for code in [
            "context.RequestId",
            "context.RequestId.ToString()",
            "context.Timestamp",
            "context.Elapsed",
            "context.Tracing",
            "context.LastError == null",
            "context.Response.Headers.GetValueOrDefault(\"Retry-After\", \"\")",
            "context.Response.StatusReason",
            "context.Response.Body.As<string>(true)",
            "context.Response",
            "context.Request.Headers",
            "context.Request.Headers.Count",
            "context.Request.Headers.GetValueOrDefault(context.Request.Method, \"\")",
            "string.Join(\",\", context.Request.Headers.Keys)",
            "Guid.NewGuid()",
            "new Random().Next()",
            "(object)context.Request.Method == (object)context.Variables[\"a\"]",
            "var all = context; return all.RequestId;",
            "var request = context.Request; return request.Headers.Count;",
            "JsonConvert.SerializeObject(context.Request.Url)",
            "context.Variables",
            "new List<int>().GetEnumerator()",
            "new Dictionary<string, string>().GetEnumerator()",
            "context.Request.Url",
            "JToken.FromObject(context.Api)",
            "$\"{context.Request}\"",
            "context.Request.Url.Query.Count",
        ] {
            assert!(!looks(code).is_narrow, "{code}");
        }
    }
}
