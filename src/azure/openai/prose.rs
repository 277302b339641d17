//! What models say where only the length of it matters: a paragraph again and again, whose tokens are known beforehand.

use std::{borrow::Cow, sync::LazyLock};

/// The tokens of the paragraph: each is one both for o200k and for cl100k.
#[rustfmt::skip]
const TOKENS: [&str; 79] = [
    " The", " request", " was", " sent", " to", " the", " region", " that", " was", " nearest", ",", " and", " when", " that", " region",
    " could", " not", " answer", ",", " the", " gateway", " tried", " the", " next", " one", " in", " the", " list", ".", " Each",
    " answer", " says", " who", " gave", " it", ",", " how", " many", " attempts", " it", " took", " and", " what", " it", " cost", ".",
    " A", " good", " service", " is", " one", " that", " people", " do", " not", " notice", ":", " it", " is", " there", " in", " the",
    " morning", ",", " it", " is", " there", " at", " night", ",", " and", " it", " does", " not", " lose", " what", " was", " said", ".",
];

/// The paragraph. There is nothing in it that JSON would escape.
const TEXT: &str = " The request was sent to the region that was nearest, and when that region could not answer, the gateway tried the next one in \
                    the list. Each answer says who gave it, how many attempts it took and what it cost. A good service is one that people do \
                    not notice: it is there in the morning, it is there at night, and it does not lose what was said.";

/// Where the tokens end, the first place being 0.
const ENDS: [usize; TOKENS.len() + 1] = {
    let mut ends = [0; TOKENS.len() + 1];
    let mut place = 0;
    let mut end = 0;
    let mut rest: &[&str] = &TOKENS;
    while let [first, tail @ ..] = rest {
        end += first.len();
        place += 1;
        let (_, from) = ends.split_at_mut(place);
        if let [slot, ..] = from {
            *slot = end;
        }
        rest = tail;
    }
    ends
};

/// Where token number `count` of the prose ends; the space before the first one is left out.
pub(super) fn end(count: u64) -> usize {
    let count = usize::try_from(count).unwrap_or(0);
    let within = ENDS.get(count % TOKENS.len()).copied().unwrap_or(0);
    ((count / TOKENS.len()) * TEXT.len() + within).saturating_sub(1)
}

/// As much of it as most answers need, written once.
static USUAL: LazyLock<String> = LazyLock::new(|| written(32 * TEXT.len()));

/// So many tokens of it.
pub(super) fn prose(count: u64) -> Cow<'static, str> {
    let length = end(count);
    match USUAL.get(..length) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(written(length)),
    }
}

fn written(length: usize) -> String {
    let mut text = String::with_capacity(length + TEXT.len());
    text.push_str(TEXT.get(1..).unwrap_or_default());
    while text.len() < length {
        text.push_str(TEXT);
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::{super::tokenizer::Counter, *};

    #[test]
    fn it_has_as_many_tokens_as_it_says() {
        assert_eq!(TOKENS.concat(), TEXT);
        assert_eq!(serde_json::to_string(TEXT).unwrap().len(), TEXT.len() + 2);
        for count in [0, 1, 2, 10, 78, 79, 80, 158, 1000, 2527, 2528, 2529, 5000] {
            let text = prose(count);
            for counter in [Counter::O200k, Counter::Cl100k] {
                let ends = counter.ends(&text, u64::MAX);
                assert_eq!(ends.len() as u64, count);
                assert!((1..).zip(&ends).all(|(place, at)| end(place) == *at), "{count}");
            }
        }
    }
}
