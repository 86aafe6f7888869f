//! The pages that are not lessons: their links lead somewhere, and what they claim to be code and tests is.

use std::fs;
use std::path::{Path, PathBuf};

/// Text and target of each link of Markdown.
fn links(text: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = text;
    while let Some(middle) = rest.find("](") {
        let (before, after) = rest.split_at(middle);
        let after = &after[2..];
        let end = after.find(')').unwrap_or(after.len());
        if let Some(begin) = before.rfind('[') {
            links.push((before[begin + 1..].to_owned(), after[..end].to_owned()));
        }
        rest = &after[end..];
    }
    links
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

/// As GitHub names a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_within_the_checkout_leads_to_a_file_and_a_heading_of_it() {
    let mut pages: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "benches/README.md"].map(|p| root().join(p)).into();
    let lessons = fs::read_dir(root().join("lessons")).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(lessons.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    let mut checked = 0;
    for page in &pages {
        for (_, target) in links(&read(page)) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            if target.contains("://") || file.contains(char::is_whitespace) {
                continue;
            }
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(path.exists(), "{}: no file {target}", page.display());
            if !heading.is_empty() {
                let text = read(&path);
                let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(found, "{}: no heading {target}", page.display());
            }
            checked += 1;
        }
    }
    assert!(pages.len() >= 15 && checked >= 100, "{} pages, {checked} links", pages.len());
}

#[test]
fn the_page_of_the_three_links_each_cell_to_code_and_a_test_that_are_there() {
    let folder = root().join("lessons");
    let page = read(&folder.join("SIDE-BY-SIDE.md"));
    let rows = page.lines().filter(|line| line.starts_with("| **"));
    let cells: Vec<&str> = rows.flat_map(|row| row.trim_matches('|').split(" | ").skip(1)).collect();
    assert_eq!(cells.len(), 5 * 3, "five points of three");
    for cell in cells {
        let [(code, code_file), (test, test_file)] = &links(cell)[..] else { panic!("two links: {cell}") };
        let (code, test) = (code.trim_matches('`'), test.trim_matches('`'));
        let source = read(&folder.join(code_file));
        let is_there = ["fn", "struct", "enum"].iter().any(|kind| {
            source.lines().any(|line| {
                let name = line.trim_start().strip_prefix(&format!("pub {kind} {code}"));
                name.is_some_and(|rest| rest.starts_with(['(', '<', ' ']))
            })
        });
        assert!(is_there, "{code_file} has no public {code}");
        let source = read(&folder.join(test_file));
        let mut lines = source.lines().map(str::trim_start);
        let is_test =
            std::iter::from_fn(|| lines.find(|line| *line == "#[test]").map(|_| lines.clone().next()))
                .any(|next| next.is_some_and(|line| line.starts_with(&format!("fn {test}("))));
        assert!(is_test, "{test_file} has no test {test}");
    }
}
