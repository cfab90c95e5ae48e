//! Checks of the documents: the book lists every page, and relative links lead to files and headings that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of documents, and single documents. Templates are left out: their links belong to the project that they
/// become.
const DOCUMENTS: [&str; 9] =
    ["docs", "examples", "attestation", "builder", "eapp", "happ", "README.md", "CONTRIBUTING.md", "SECURITY.md"];

/// Folders without documents of this project.
const SKIPPED: [&str; 3] = ["target", "src", "node_modules"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Adds all Markdown files at or below `path`.
fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
                collect(&entry.path(), found);
            }
        }
    } else if path.extension().is_some_and(|extension| extension == "md") {
        found.push(path.to_owned());
    }
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// The targets of all links and images in `text`.
fn links(text: &str) -> Vec<String> {
    // A link may be broken over two lines between its words, but not in its target.
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let heading = |line: &str| {
        let title = line.trim_start_matches('#');
        let is_heading = title.len() < line.len() && title.starts_with(' ');
        is_heading.then(|| {
            let kept = title.trim().to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
    };
    prose(text).filter_map(heading).collect()
}

#[test]
fn the_book_lists_every_page() {
    let docs = root().join("docs");
    let mut pages = Vec::new();
    collect(&docs, &mut pages);
    let name = |page: &PathBuf| page.strip_prefix(&docs).unwrap().to_str().unwrap().to_owned();
    let mut pages: BTreeSet<_> = pages.iter().map(name).collect();
    pages.remove("SUMMARY.md");
    let listed = links(&fs::read_to_string(docs.join("SUMMARY.md")).unwrap());
    let once: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "docs/SUMMARY.md lists a page twice");
    assert_eq!(once, pages, "docs/SUMMARY.md does not list exactly the pages in docs/");
}

#[test]
fn relative_links_lead_somewhere() {
    let mut documents = Vec::new();
    DOCUMENTS.iter().for_each(|document| collect(&root().join(document), &mut documents));
    assert!(documents.len() > 40, "{documents:?}");
    let mut dead = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, at)| (path, Some(at)));
            let target = if path.is_empty() { document.clone() } else { document.with_file_name("").join(path) };
            let is_there = match anchor {
                None => target.exists(),
                Some(anchor) => fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor)),
            };
            if !is_there {
                dead.push(format!("{}: {link}", document.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}
