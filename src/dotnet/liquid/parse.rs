//! Reading templates: tags, outputs, and what stands between them.

use super::{Condition, Expression, For, Node, Operator, Output, Step, Template, Value};

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as an offset into the text.
    pub at: usize,
    /// What.
    pub message: String,
}

fn fault<T>(at: usize, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { at, message: message.into() })
}

/// How deep tags may nest.
const DEPTH: usize = 100;

/// Reads a template.
///
/// # Errors
/// The first fault.
pub fn parse(text: &str) -> Result<Template, Fault> {
    let mut parser = Parser { pieces: cut(text)?, at: 0, depth: 0 };
    let (nodes, end) = parser.block(&[])?;
    match end {
        Some((at, name)) => fault(at, format!("Unknown tag '{name}'")),
        None => Ok(Template { nodes }),
    }
}

enum Piece<'t> {
    Text(&'t str),
    Output(usize, &'t str),
    Tag(usize, &'t str),
}

/// Cuts a template into its pieces. `-` beside a mark takes the blanks there away.
fn cut(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    let mut trims = false;
    while let Some(found) = text.get(rest..).and_then(|tail| tail.find("{{").into_iter().chain(tail.find("{%")).min()) {
        let start = rest + found;
        let is_tag = text.get(start..).is_some_and(|tail| tail.starts_with("{%"));
        let inner = start + 2;
        let close = if is_tag { "%}" } else { "}}" };
        let Some(length) = text.get(inner..).and_then(|tail| end_of(tail, close)) else {
            return fault(start, format!("Tag '{}' was not properly terminated with {close}", if is_tag { "{%" } else { "{{" }));
        };
        let mut code = text.get(inner..inner + length).unwrap_or("");
        let mut before = text.get(rest..start).unwrap_or("");
        if trims {
            before = before.trim_start();
        }
        let mut offset = inner;
        if let Some(trimmed) = code.strip_prefix('-') {
            (code, offset) = (trimmed, inner + 1);
            before = before.trim_end();
        }
        trims = false;
        if let Some(trimmed) = code.strip_suffix('-') {
            code = trimmed;
            trims = true;
        }
        pieces.push(Piece::Text(before));
        rest = inner + length + close.len();
        let word = code.split_whitespace().next().unwrap_or("");
        if is_tag && matches!(word, "raw" | "comment") {
            let (skipped, content) = verbatim(text, rest, word, start)?;
            if word == "raw" {
                pieces.push(Piece::Text(content));
            }
            rest = skipped;
            continue;
        }
        pieces.push(if is_tag { Piece::Tag(offset, code) } else { Piece::Output(offset, code) });
    }
    let tail = text.get(rest..).unwrap_or("");
    pieces.push(Piece::Text(if trims { tail.trim_start() } else { tail }));
    Ok(pieces)
}

/// Where a mark closes: not inside of quotes.
fn end_of(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') if text.get(at + 1..).is_some_and(|tail| tail.contains(c)) => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, _) if text.get(at..).is_some_and(|tail| tail.starts_with(close)) => return Some(at),
            _ => {}
        }
    }
    // Quotes that are none: the first closing mark will do.
    text.find(close)
}

fn verbatim<'t>(text: &'t str, from: usize, word: &str, start: usize) -> Result<(usize, &'t str), Fault> {
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|tail| tail.find("{%")) {
        let open = at + found;
        let Some(length) = text.get(open..).and_then(|tail| tail.find("%}")) else { break };
        let code = text.get(open + 2..open + length).unwrap_or("").trim_matches(['-', ' ', '\t', '\r', '\n']);
        if code.strip_prefix("end") == Some(word) {
            return Ok((open + length + 2, text.get(from..open).unwrap_or("")));
        }
        at = open + 2;
    }
    fault(start, format!("{word} tag was never closed"))
}

struct Parser<'t> {
    pieces: Vec<Piece<'t>>,
    at: usize,
    depth: usize,
}

/// The tag that ended a block: its place, and all of its code.
type End = Option<(usize, String)>;

impl Parser<'_> {
    /// Nodes up to one of these tags.
    fn block(&mut self, until: &[&str]) -> Result<(Vec<Node>, End), Fault> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get(self.at) {
            self.at += 1;
            match piece {
                Piece::Text("") => {}
                Piece::Text(text) => nodes.push(Node::Text((*text).to_owned())),
                Piece::Output(at, code) => nodes.push(Node::Output(output(&mut Scan::new(code, *at))?)),
                Piece::Tag(at, code) => {
                    let (at, code) = (*at, code.trim().to_owned());
                    let name = code.split_whitespace().next().unwrap_or("").to_owned();
                    if until.contains(&name.as_str()) {
                        return Ok((nodes, Some((at, code))));
                    }
                    if name.starts_with("end") || matches!(name.as_str(), "else" | "elsif" | "when") {
                        return Ok((nodes, Some((at, name))));
                    }
                    self.depth += 1;
                    if self.depth > DEPTH {
                        return fault(at, "tags nest too deep");
                    }
                    self.tag(&name, &code, at, &mut nodes)?;
                    self.depth -= 1;
                }
            }
        }
        Ok((nodes, None))
    }

    fn tag(&mut self, name: &str, code: &str, at: usize, nodes: &mut Vec<Node>) -> Result<(), Fault> {
        let markup = code.get(name.len()..).unwrap_or("").trim();
        let mut scan = Scan::new(markup, at);
        match name {
            "if" | "unless" => {
                let first = condition(&mut scan)?;
                let first = if name == "unless" { Condition::Not(Box::new(first)) } else { first };
                nodes.push(self.branches(name, at, first)?);
            }
            "case" => nodes.push(self.case(expression(&mut scan)?, at)?),
            "for" | "JSONArrayFor" => {
                let end = format!("end{name}");
                let mut made = for_head(&mut scan)?;
                let (body, mut closed) = self.block(&[&end, "else"])?;
                made.body = body;
                if closed.as_ref().is_some_and(|(_, code)| code == "else") {
                    (made.otherwise, closed) = self.block(&[&end])?;
                }
                closes(closed, &end, name, at)?;
                made.has_commas = name == "JSONArrayFor";
                nodes.push(Node::For(Box::new(made)));
            }
            "assign" => {
                let name = scan.name().ok_or_else(|| bad(at, "assign"))?;
                if !scan.take("=") {
                    return Err(bad(at, "assign"));
                }
                nodes.push(Node::Assign(name, output(&mut scan)?));
            }
            "capture" => {
                let name = scan.name().or_else(|| scan.quoted()).ok_or_else(|| bad(at, "capture"))?;
                let (body, closed) = self.block(&["endcapture"])?;
                closes(closed, "endcapture", "capture", at)?;
                nodes.push(Node::Capture(name, body));
            }
            "cycle" => {
                let mut values = vec![expression(&mut scan)?];
                let mut group = markup.to_owned();
                if scan.take(":") {
                    group = format!("{:?}", values);
                    values = vec![expression(&mut scan)?];
                }
                while scan.take(",") {
                    values.push(expression(&mut scan)?);
                }
                nodes.push(Node::Cycle(group, values));
            }
            "increment" => nodes.push(Node::Count(scan.name().ok_or_else(|| bad(at, name))?, 1)),
            "decrement" => nodes.push(Node::Count(scan.name().ok_or_else(|| bad(at, name))?, -1)),
            "break" => nodes.push(Node::Break),
            "continue" => nodes.push(Node::Continue),
            other => return fault(at, format!("Unknown tag '{other}'")),
        }
        Ok(())
    }

    fn branches(&mut self, name: &str, at: usize, first: Condition) -> Result<Node, Fault> {
        let end = format!("end{name}");
        let mut branches = Vec::new();
        let mut condition_now = first;
        loop {
            let (body, closed) = self.block(&[&end, "elsif", "else"])?;
            branches.push((condition_now, body));
            let Some((place, code)) = closed else { return fault(at, format!("{name} tag was never closed")) };
            match code.split_once(char::is_whitespace) {
                Some(("elsif", rest)) => condition_now = condition(&mut Scan::new(rest, place))?,
                _ if code == "else" => condition_now = Condition::Always,
                _ if code == end => return Ok(Node::Branches(branches)),
                _ => return fault(place, format!("Unknown tag '{code}'")),
            }
        }
    }

    fn case(&mut self, subject: Expression, at: usize) -> Result<Node, Fault> {
        let mut branches = Vec::new();
        // What stands before the first `when` is never rendered.
        let (_, mut closed) = self.block(&["when", "else", "endcase"])?;
        loop {
            let Some((place, code)) = closed else { return fault(at, "case tag was never closed") };
            let holds = match code.split_once(char::is_whitespace) {
                Some(("when", rest)) => {
                    let mut scan = Scan::new(rest, place);
                    let mut holds: Option<Condition> = None;
                    loop {
                        let one = Condition::Compare(subject.clone(), Operator::Equal, expression(&mut scan)?);
                        holds = Some(match holds {
                            Some(others) => Condition::Or(Box::new(others), Box::new(one)),
                            None => one,
                        });
                        if !scan.take(",") && !scan.word("or") {
                            break holds.unwrap_or(Condition::Always);
                        }
                    }
                }
                _ if code == "else" => Condition::Always,
                _ if code == "endcase" => return Ok(Node::Branches(branches)),
                _ => return fault(place, format!("Unknown tag '{code}'")),
            };
            let (body, next) = self.block(&["when", "else", "endcase"])?;
            branches.push((holds, body));
            closed = next;
        }
    }
}

fn closes(closed: End, end: &str, name: &str, at: usize) -> Result<(), Fault> {
    match closed {
        Some((_, code)) if code == end => Ok(()),
        Some((place, code)) => fault(place, format!("Unknown tag '{code}'")),
        None => fault(at, format!("{name} tag was never closed")),
    }
}

fn bad(at: usize, tag: &str) -> Fault {
    Fault { at, message: format!("Syntax Error in '{tag}' tag") }
}

fn for_head(scan: &mut Scan<'_>) -> Result<For, Fault> {
    let at = scan.offset;
    let variable = scan.name().ok_or_else(|| bad(at, "for"))?;
    if !scan.word("in") {
        return Err(bad(at, "for"));
    }
    let over = expression(scan)?;
    let mut made =
        For { variable, over, is_reversed: false, limit: None, offset: None, body: Vec::new(), otherwise: Vec::new(), has_commas: false };
    loop {
        if scan.word("reversed") {
            made.is_reversed = true;
        } else if scan.word("limit") && scan.take(":") {
            made.limit = Some(expression(scan)?);
        } else if scan.word("offset") && scan.take(":") {
            made.offset = Some(expression(scan)?);
        } else if !scan.take(",") {
            return Ok(made);
        }
    }
}

/// Conditions stand from left to right; `and` and `or` bind alike, the right side first, as in DotLiquid.
fn condition(scan: &mut Scan<'_>) -> Result<Condition, Fault> {
    let left = expression(scan)?;
    let one = match scan.operator() {
        Some(operator) => Condition::Compare(left, operator, expression(scan)?),
        None => Condition::Truth(left),
    };
    if scan.word("and") {
        return Ok(Condition::And(Box::new(one), Box::new(condition(scan)?)));
    }
    if scan.word("or") {
        return Ok(Condition::Or(Box::new(one), Box::new(condition(scan)?)));
    }
    Ok(one)
}

fn output(scan: &mut Scan<'_>) -> Result<Output, Fault> {
    let value = expression(scan)?;
    let mut filters = Vec::new();
    while scan.take("|") {
        let at = scan.offset;
        let Some(name) = scan.name() else { return fault(at, "a filter has no name") };
        let mut arguments = Vec::new();
        if scan.take(":") {
            arguments.push(expression(scan)?);
            while scan.take(",") {
                arguments.push(expression(scan)?);
            }
        }
        filters.push((name, arguments));
    }
    Ok(Output { value, filters })
}

fn expression(scan: &mut Scan<'_>) -> Result<Expression, Fault> {
    if let Some(text) = scan.quoted() {
        return Ok(Expression::Literal(Value::text(text)));
    }
    if let Some(number) = scan.number() {
        return Ok(Expression::Literal(number));
    }
    if scan.take("(") {
        let from = expression(scan)?;
        let at = scan.offset;
        if !scan.take("..") {
            return fault(at, "a range needs `..`");
        }
        let to = expression(scan)?;
        scan.take(")");
        return Ok(Expression::Range(Box::new(from), Box::new(to)));
    }
    let Some(first) = scan.name() else { return Ok(Expression::Literal(Value::Nil)) };
    match first.as_str() {
        "nil" | "null" => return Ok(Expression::Literal(Value::Nil)),
        "true" => return Ok(Expression::Literal(Value::Bool(true))),
        "false" => return Ok(Expression::Literal(Value::Bool(false))),
        "empty" | "blank" => return Ok(Expression::Empty),
        _ => {}
    }
    let mut steps = vec![Step::Name(first)];
    loop {
        if scan.take("[") {
            steps.push(Step::Index(expression(scan)?));
            scan.take("]");
        } else if !scan.at("..") && scan.take(".") {
            match scan.name() {
                Some(name) => steps.push(Step::Name(name)),
                None => return Ok(Expression::Path(steps)),
            }
        } else {
            return Ok(Expression::Path(steps));
        }
    }
}

/// A place in the code of a tag.
struct Scan<'t> {
    rest: &'t str,
    offset: usize,
}

impl<'t> Scan<'t> {
    fn new(code: &'t str, offset: usize) -> Self {
        Self { rest: code.trim_start(), offset }
    }

    fn go(&mut self, bytes: usize) {
        let rest = self.rest.get(bytes..).unwrap_or("");
        let trimmed = rest.trim_start();
        self.offset += self.rest.len() - trimmed.len();
        self.rest = trimmed;
    }

    fn at(&self, mark: &str) -> bool {
        self.rest.starts_with(mark)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.at(mark);
        if found {
            self.go(mark.len());
        }
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.rest.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        if found {
            self.go(word.len());
        }
        found
    }

    fn name(&mut self) -> Option<String> {
        if !self.rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))).unwrap_or(self.rest.len());
        let name = self.rest.get(..end)?.to_owned();
        self.go(name.len());
        Some(name)
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let text = self.rest.get(1..)?;
        let end = text.find(quote)?;
        let text = text.get(..end)?.to_owned();
        self.go(end + 2);
        Some(text)
    }

    fn number(&mut self) -> Option<Value> {
        let digits = self.rest.strip_prefix('-').unwrap_or(self.rest);
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let sign = self.rest.len() - digits.len();
        let mut end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let fraction =
            digits.get(end..).and_then(|tail| tail.strip_prefix('.')).filter(|tail| tail.starts_with(|c: char| c.is_ascii_digit()));
        if let Some(fraction) = fraction {
            end += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        }
        let text = self.rest.get(..sign + end)?;
        let number = match text.parse::<i64>() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Decimal(text.parse().ok()?),
        };
        self.go(sign + end);
        Some(number)
    }

    /// An operator; in the C# mode words begin with either case.
    fn operator(&mut self) -> Option<Operator> {
        const MARKS: &[(&str, Operator)] = &[
            ("==", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<>", Operator::Unequal),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        const WORDS: &[(&str, &str, Operator)] = &[
            ("contains", "Contains", Operator::Contains),
            ("startsWith", "StartsWith", Operator::StartsWith),
            ("endsWith", "EndsWith", Operator::EndsWith),
            ("hasKey", "HasKey", Operator::HasKey),
            ("hasValue", "HasValue", Operator::HasValue),
        ];
        if let Some((_, operator)) = MARKS.iter().find(|(mark, _)| self.take(mark)) {
            return Some(*operator);
        }
        WORDS.iter().find(|(lower, upper, _)| self.word(lower) || self.word(upper)).map(|(.., operator)| *operator)
    }
}
