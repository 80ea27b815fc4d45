//! The recordings, read back.

use std::{fs, path::PathBuf};

/// A recorded request and its answer.
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request: Part,
    pub(crate) status: u16,
    pub(crate) response: Part,
}

/// Headers and a body.
pub(crate) struct Part {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Part {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let header = |line: &str| {
            line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        Self { headers: head.lines().filter_map(header).collect(), body: body.trim().to_owned() }
    }

    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case(wanted);
        self.headers.iter().find(named).map(|(_, value)| value.as_str())
    }
}

impl Exchange {
    /// Reads `captures/{name}.http.txt`.
    pub(crate) fn read(name: &str) -> Self {
        let text = read(&format!("{name}.http.txt"));
        let (request, response) = text.split_once("<<< HTTP ").unwrap();
        let (line, request) = request.trim_start_matches(">>> ").split_once('\n').unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        let (status, response) = response.split_once('\n').unwrap();
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            request: Part::parse(request),
            status: status.split(' ').next().unwrap().parse().unwrap(),
            response: Part::parse(response),
        }
    }
}

/// Reads the headers and the raw body of `captures/webhook-{event}.txt`.
pub(crate) fn webhook(event: &str) -> Part {
    let text = read(&format!("webhook-{event}.txt"));
    let (_, headed) = text.split_once('\n').unwrap();
    let mut part = Part::parse(headed);
    part.body = part.body.lines().next().unwrap().to_owned();
    part
}

/// The names of all recorded exchanges.
pub(crate) fn exchanges() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let stem = |name: String| name.strip_suffix(".http.txt").map(str::to_owned);
    files.filter_map(|file| stem(name(file.unwrap()))).collect()
}

/// The text of one file among the captures.
pub(crate) fn read(file: &str) -> String {
    let path = folder().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures")
}
