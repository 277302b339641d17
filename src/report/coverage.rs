//! Which policies and branches have run: as text, as JSON and as lcov.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value as Json, json};

use super::Colour;
use crate::{
    policy::{Section, coverage::Point},
    text::Text,
};

/// Where a point stands: document, line, section, path and branch.
type Place = (Text, u32, &'static str, Text, Option<String>);

/// The points of several runs together, by document, in the order of each document.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    documents: Vec<(Text, Vec<Point>)>,
    known: BTreeMap<Place, (usize, usize)>,
}

impl Coverage {
    /// Adds what a program counted.
    pub fn add(&mut self, points: Vec<Point>) {
        for point in points {
            let key = (point.document.clone(), point.line, point.section.name(), point.path.clone(), point.branch.clone());
            if let Some((document, number)) = self.known.get(&key) {
                if let Some(own) = self.documents.get_mut(*document).and_then(|(_, points)| points.get_mut(*number)) {
                    own.hits += point.hits;
                }
                continue;
            }
            let document = self.documents.iter().position(|(name, _)| *name == point.document).unwrap_or_else(|| {
                self.documents.push((point.document.clone(), Vec::new()));
                self.documents.len() - 1
            });
            if let Some((_, points)) = self.documents.get_mut(document) {
                self.known.insert(key, (document, points.len()));
                points.push(point);
            }
        }
    }

    /// For people: the share of each document, and what never ran.
    ///
    /// ```text
    /// coverage of policy.xml: 41 of 44 policies, 9 of 12 branches
    ///   never   inbound   policy.xml:31   choose[2]\when\set-variable
    ///   never   on-error  policy.xml:90   choose: no when
    /// ```
    pub fn text(&self, colour: Colour) -> String {
        let mut out = String::new();
        for (name, points) in &self.documents {
            let counted = |branch: bool| {
                let all: Vec<&Point> = points.iter().filter(|point| point.branch.is_some() == branch).collect();
                (all.iter().filter(|point| point.hits > 0).count(), all.len())
            };
            let ((ran, policies), (taken, branches)) = (counted(false), counted(true));
            // Writing to a string cannot fail.
            let _ = writeln!(out, "coverage of {name}: {ran} of {policies} policies, {taken} of {branches} branches");
            for point in points.iter().filter(|point| point.hits == 0 && !self.is_hidden(points, point)) {
                let branch = point.branch.as_ref().map_or(String::new(), |branch| format!(": {branch}"));
                let place = format!("{name}:{}", point.line);
                let _ = writeln!(
                    out,
                    "  {}   {:<9} {place:<24} {}{branch}",
                    colour.paint("never", "\u{1b}[31m"),
                    point.section.name(),
                    point.path
                );
            }
        }
        out
    }

    /// A branch of a policy that never ran itself says nothing new.
    fn is_hidden(&self, points: &[Point], point: &Point) -> bool {
        let is_policy = |other: &&Point| {
            other.branch.is_none()
                && (other.line, other.section, &other.path) == (point.line, point.section, &point.path)
                && other.hits == 0
        };
        point.branch.is_some() && points.iter().any(|other| is_policy(&other))
    }

    /// A list of documents, each with its points.
    pub fn json(&self) -> Json {
        let point = |point: &Point| json!({ "line": point.line, "section": point.section.name(), "path": point.path, "branch": point.branch, "hits": point.hits });
        let document =
            |(name, points): &(Text, Vec<Point>)| json!({ "document": name, "points": points.iter().map(point).collect::<Vec<_>>() });
        self.documents.iter().map(document).collect()
    }

    /// For editors. Source of the format: github.com/linux-test-project/lcov, `man/geninfo.1` (tracefile format).
    pub fn lcov(&self) -> String {
        let mut out = String::new();
        for (name, points) in &self.documents {
            let _ = writeln!(out, "TN:\nSF:{name}");
            self.lcov_sections(points, &mut out);
            let branches: Vec<&Point> = points.iter().filter(|point| point.branch.is_some()).collect();
            for (number, point) in branches.iter().enumerate() {
                let is_reached = !self.is_hidden(points, point);
                let taken = if is_reached { point.hits.to_string() } else { "-".to_owned() };
                let _ = writeln!(out, "BRDA:{},0,{number},{taken}", point.line);
            }
            let _ = writeln!(out, "BRF:{}\nBRH:{}", branches.len(), branches.iter().filter(|point| point.hits > 0).count());
            // Policies that share a line are one line.
            let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
            for point in points.iter().filter(|point| point.branch.is_none()) {
                let line = lines.entry(point.line).or_default();
                *line = (*line).max(point.hits);
            }
            for (line, hits) in &lines {
                let _ = writeln!(out, "DA:{line},{hits}");
            }
            let _ = writeln!(out, "LF:{}\nLH:{}\nend_of_record", lines.len(), lines.values().filter(|hits| **hits > 0).count());
        }
        out
    }

    /// Sections stand for functions: they are entered as often as their first policy runs.
    fn lcov_sections(&self, points: &[Point], out: &mut String) {
        let first = |section: Section| points.iter().find(|point| point.section == section).map(|point| (section.name(), point));
        let sections: Vec<_> = Section::ALL.into_iter().filter_map(first).collect();
        for (name, point) in &sections {
            let _ = writeln!(out, "FN:{},{name}", point.line);
        }
        for (name, point) in &sections {
            let _ = writeln!(out, "FNDA:{},{name}", point.hits);
        }
        let entered = sections.iter().filter(|(_, point)| point.hits > 0).count();
        let _ = writeln!(out, "FNF:{}\nFNH:{entered}", sections.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(line: u32, section: Section, path: &'static str, branch: Option<&str>, hits: u64) -> Point {
        Point { document: "policy.xml".into(), line, section, path: path.into(), branch: branch.map(str::to_owned), hits }
    }

    fn coverage() -> Coverage {
        let run = |hits: u64| {
            vec![
                point(3, Section::Inbound, "choose", None, hits),
                point(3, Section::Inbound, "choose", Some("when 1"), 0),
                point(3, Section::Inbound, "choose", Some("no when"), hits),
                point(4, Section::Inbound, r"choose\when\set-variable", None, 0),
                point(9, Section::OnError, "retry", None, 0),
                point(9, Section::OnError, "retry", Some("again"), 0),
            ]
        };
        let mut coverage = Coverage::default();
        coverage.add(run(2));
        coverage.add(run(3));
        coverage
    }

    #[test]
    fn what_never_ran_is_listed() {
        assert_eq!(
            coverage().text(Colour::Never),
            "coverage of policy.xml: 1 of 3 policies, 1 of 3 branches\n\
             \x20 never   inbound   policy.xml:3             choose: when 1\n\
             \x20 never   inbound   policy.xml:4             choose\\when\\set-variable\n\
             \x20 never   on-error  policy.xml:9             retry\n"
        );
    }

    #[test]
    fn lcov_has_lines_branches_and_sections() {
        assert_eq!(
            coverage().lcov(),
            "TN:\nSF:policy.xml\nFN:3,inbound\nFN:9,on-error\nFNDA:5,inbound\nFNDA:0,on-error\nFNF:2\nFNH:1\n\
             BRDA:3,0,0,0\nBRDA:3,0,1,5\nBRDA:9,0,2,-\nBRF:3\nBRH:1\nDA:3,5\nDA:4,0\nDA:9,0\nLF:3\nLH:1\nend_of_record\n"
        );
    }
}
