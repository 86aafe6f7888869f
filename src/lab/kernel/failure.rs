//! Cells that fail. evcxr reports a panic and a failing `?` as *ok* and prints them to stderr, line by line, perhaps
//! after the cell's end. Here they become what Jupyter knows: an `error`, message first.
//!
//! What evcxr makes of a failing cell goes through `println!` and `eprintln!`. The kernel's prelude ([`PRELUDE`]) shadows
//! both: they do what they always do, and in these places leave marks. So a panic that was caught, or text on stderr,
//! is never taken for a failure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::message::Message;

/// A line on stderr: an error's text follows.
const BEGIN: &str = "\u{2}gan-course:error";
/// A line on stderr, after the last of a failure, and twice on stdout. (evcxr reports a cell as done when it has *begun*
/// to send the last line of stdout. By then the line before it has been sent.)
const FAILED: &str = "\u{2}gan-course:failed";
/// How long a line on stderr waits for what follows it.
const WAIT: Duration = Duration::from_millis(150);
/// Bytes that a panic may hold back; when more come, it was caught, and the cell prints on.
const HELD: usize = 1 << 20;
/// How long the text of a failure may take to come.
const LATE: Duration = Duration::from_secs(2);

/// Run by evcxr when the kernel starts.
pub const PRELUDE: &str = r#"
macro_rules! println {
    ("EVCXR_PANIC_NOTIFICATION") => {{
        ::std::eprintln!("\u{2}gan-course:failed");
        ::std::println!("\u{2}gan-course:failed\n\u{2}gan-course:failed\nEVCXR_PANIC_NOTIFICATION")
    }};
    ("{}", evcxr_internal_runtime::USER_ERROR_OCCURRED) => {{
        ::std::eprintln!("\u{2}gan-course:failed");
        ::std::println!("\u{2}gan-course:failed\n\u{2}gan-course:failed\nEVCXR_ERROR_OCCURRED")
    }};
    ($($any:tt)*) => { ::std::println!($($any)*) };
}
macro_rules! eprintln {
    ("{}", $error:ident) => {{
        ::std::eprintln!("\u{2}gan-course:error");
        ::std::eprintln!("{}", $error)
    }};
    ($($any:tt)*) => { ::std::eprintln!($($any)*) };
}
"#;

/// What a cell has printed to stderr and may be a failure's text, and whether it has failed.
#[derive(Default)]
pub struct Watch {
    held: VecDeque<Line>,
    bytes: usize,
    /// An error's text comes next.
    begins: bool,
    on_stdout: bool,
    on_stderr: bool,
}

/// A line of stderr.
struct Line {
    message: Message,
    text: String,
    came: Instant,
    /// Here begins an error's text.
    begins: bool,
    /// Here begins a panic's.
    panics: bool,
}

/// A cell's failure, for Jupyter.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// `ename`
    pub name: String,
    /// `evalue`
    pub message: String,
    /// Where it happened, if that is known.
    pub place: Option<String>,
    /// The rest, for who wants to see it; may be empty.
    pub backtrace: String,
}

impl Watch {
    /// Takes a line of stdout; returns what of it is for the user, if anything is.
    pub fn stdout(&mut self, text: &str) -> Option<String> {
        let Some((before, _)) = text.split_once(FAILED) else { return Some(text.to_owned()) };
        self.on_stdout = true;
        Some(before.to_owned() + "\n").filter(|line| line != "\n")
    }

    /// Takes a line of stderr and keeps it.
    pub fn stderr(&mut self, message: Message, text: &str) {
        let marks = [BEGIN, FAILED].map(|mark| text.split_once(mark));
        let text = match marks {
            [Some((before, _)), _] | [_, Some((before, _))] => before,
            _ => text,
        };
        if marks == [None, None] || !text.is_empty() {
            self.bytes += text.len();
            self.held.push_back(Line {
                message,
                text: text.to_owned(),
                came: Instant::now(),
                begins: std::mem::take(&mut self.begins),
                panics: is_panic(text),
            });
        }
        self.begins |= marks[0].is_some();
        self.on_stderr |= marks[1].is_some();
    }

    /// Whether all of the cell's failure has come, or there is none.
    pub fn is_whole(&self, idle_since: Instant) -> bool {
        !self.on_stdout || self.on_stderr || idle_since.elapsed() > LATE
    }

    /// Whether the cell has failed. A mark on stderr alone may be a late one, of the cell before.
    pub fn failed(&self) -> bool {
        self.on_stdout
    }

    /// Whether [`flush`](Self::flush) may have something to give later.
    pub fn waits(&self) -> bool {
        !self.held.is_empty()
    }

    /// What has waited long enough. A panic's text waits until the cell ends: only then is known what became of it.
    pub fn flush(&mut self) -> Vec<(Message, String)> {
        let mut due = Vec::new();
        while !self.failed() && self.first_is_due() {
            let Some(line) = self.held.pop_front() else { break };
            self.bytes -= line.text.len();
            due.push((line.message, line.text));
        }
        due
    }

    fn first_is_due(&self) -> bool {
        let Some(first) = self.held.front() else { return false };
        // A panic begins with an empty line.
        let panics =
            first.panics || first.text.trim().is_empty() && self.held.get(1).is_some_and(|next| next.panics);
        self.bytes > HELD || first.came.elapsed() > WAIT && !panics
    }

    /// At the cell's end: what is not of a failure, and the failure.
    pub fn end(self) -> (Vec<(Message, String)>, Option<Failure>) {
        let mut before: Vec<_> = self.held.into();
        let mut lines = Vec::new();
        let mut panicked = false;
        if self.on_stdout {
            let panic = before.iter().rposition(|line| line.panics);
            let begin = before.iter().rposition(|line| line.begins);
            let begin = if self.begins { Some(before.len()) } else { begin };
            // A learner's own `eprintln!("{}", x)` leaves the mark too: what came last is what ended the cell.
            panicked = panic.is_some() && panic >= begin;
            lines = before.split_off(begin.max(panic).unwrap_or(before.len()));
            while panicked && before.last().is_some_and(|line| line.text.trim().is_empty()) {
                before.pop(); // the empty line that a panic begins with
            }
        }
        let text: String = lines.into_iter().map(|line| line.text).collect();
        let failure = self.on_stdout.then(|| failure(&text, panicked));
        (before.into_iter().map(|line| (line.message, line.text)).collect(), failure)
    }
}

impl Failure {
    /// What reply and `error` say.
    pub fn content(&self) -> Value {
        let Self { name, message, place, .. } = self;
        let mut traceback = vec![format!("\u{1b}[1;31m{name}\u{1b}[0m: {message}")];
        traceback.extend(place.as_ref().map(|place| format!("at {place}")));
        json!({ "status": "error", "ename": name, "evalue": message, "traceback": traceback })
    }

    /// evcxr has failed itself.
    pub fn of_the_kernel() -> Self {
        Self {
            name: "KernelError".into(),
            message: "the kernel failed; restart it".into(),
            place: None,
            backtrace: String::new(),
        }
    }

    /// The backtrace, folded.
    pub fn backtrace_content(&self) -> Option<Value> {
        if self.backtrace.is_empty() {
            return None;
        }
        let escaped = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;")]
            .iter()
            .fold(self.backtrace.clone(), |text, (from, to)| text.replace(*from, to));
        let html = format!("<details><summary>Backtrace</summary><pre>{escaped}</pre></details>");
        let data = json!({ "text/html": html, "text/plain": self.backtrace });
        Some(json!({ "data": data, "metadata": {}, "transient": {} }))
    }
}

/// What of a line is for the user, if it comes when its cell has ended already.
pub fn unmarked(text: &str) -> Option<String> {
    let marks = [BEGIN, FAILED].iter().filter_map(|mark| text.find(mark)).min();
    let Some(at) = marks else { return Some(text.to_owned()) };
    Some(text[..at].to_owned()).filter(|rest| !rest.is_empty())
}

fn is_panic(line: &str) -> bool {
    line.starts_with("thread '") && line.contains("panicked at ")
}

fn failure(text: &str, panicked: bool) -> Failure {
    let text = text.trim_end();
    if !panicked || text.is_empty() {
        let message = if text.is_empty() { "the cell failed and did not say why" } else { text };
        return Failure {
            name: "Error".into(),
            message: message.into(),
            place: None,
            backtrace: String::new(),
        };
    }
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let place = first.split_once("panicked at ").map(|(_, place)| place.trim_end_matches(':').to_owned());
    let end = ["stack backtrace:", "note: run with"].iter().filter_map(|mark| rest.find(mark)).min();
    let (message, backtrace) = rest.split_at(end.unwrap_or(rest.len()));
    let message = if message.trim().is_empty() { "no message" } else { message.trim_end() };
    Failure { name: "Panic".into(), message: message.into(), place, backtrace: backtrace.trim_end().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::kernel::message::Key;

    fn message() -> Message {
        let key = Key::new("");
        Message::read(Message::answer(&[], "stream", &json!({}), &json!({}), &key), &key).unwrap()
    }

    fn watched(stderr: &[&str], stdout: &[&str]) -> (Vec<String>, Option<Failure>) {
        let mut watch = Watch::default();
        stderr.iter().for_each(|line| watch.stderr(message(), line));
        stdout.iter().for_each(|line| assert_eq!(watch.stdout(line), None));
        let (before, failure) = watch.end();
        (before.into_iter().map(|(_, text)| text).collect(), failure)
    }

    const PANIC: [&str; 5] =
        ["\n", "thread 'main' (7) panicked at src/lib.rs:9:1:\n", "boom\n", "twice\n", "stack backtrace:\n"];

    #[test]
    fn a_panic_says_its_message_first() {
        let all =
            [&["mine\n"], &PANIC[..], &["   0: rust_begin_unwind\n", "\u{2}gan-course:failed\n"]].concat();
        let (before, failure) = watched(&all, &["\u{2}gan-course:failed\n"]);
        assert_eq!(before, ["mine\n"]);
        let failure = failure.unwrap();
        assert_eq!((failure.name.as_str(), failure.message.as_str()), ("Panic", "boom\ntwice"));
        assert_eq!(failure.place.as_deref(), Some("src/lib.rs:9:1"));
        assert_eq!(failure.backtrace, "stack backtrace:\n   0: rust_begin_unwind");
    }

    #[test]
    fn a_failing_question_mark_says_the_error_and_no_more() {
        let lines = ["mine\n", "\u{2}gan-course:error\n", "cannot fly\n", "\u{2}gan-course:failed\n"];
        let (before, failure) = watched(&lines, &["\u{2}gan-course:failed\n"]);
        assert_eq!(before, ["mine\n"]);
        let failure = failure.unwrap();
        assert_eq!((failure.name.as_str(), failure.message.as_str()), ("Error", "cannot fly"));
        assert!(failure.backtrace.is_empty());
    }

    #[test]
    fn what_came_last_is_the_failure() {
        let mark = "\u{2}gan-course:error\n";
        let end = "\u{2}gan-course:failed\n";
        let (_, failure) = watched(&[&[mark, "x\n"], &PANIC[..], &[end]].concat(), &[end]);
        assert_eq!(failure.unwrap().name, "Panic");
        let (before, failure) = watched(&[&PANIC[..], &[mark, "cannot fly\n", end]].concat(), &[end]);
        assert_eq!((before.concat(), failure.unwrap().message.as_str()), (PANIC.concat(), "cannot fly"));
    }

    #[test]
    fn a_caught_panic_and_ordinary_text_are_no_failure() {
        let (before, failure) = watched(&PANIC, &[]);
        assert_eq!((before.concat(), failure), (PANIC.concat(), None));
        assert_eq!(watched(&["text\n"], &[]), (vec!["text\n".into()], None));
    }

    #[test]
    fn marks_are_not_shown_and_what_stands_before_them_is() {
        let mut watch = Watch::default();
        assert_eq!(watch.stdout("plain\n").as_deref(), Some("plain\n"));
        assert!(!watch.failed());
        assert_eq!(watch.stdout("half a line\u{2}gan-course:failed\n").as_deref(), Some("half a line\n"));
        assert_eq!(watch.stdout("\u{2}gan-course:failed\n"), None);
        assert!(watch.failed() && !watch.is_whole(Instant::now()));
        watch.stderr(message(), "\u{2}gan-course:failed\n");
        assert!(watch.is_whole(Instant::now()));
        // A late one of the cell before fails nothing.
        let mut watch = Watch::default();
        watch.stderr(message(), "\u{2}gan-course:failed\n");
        assert!(!watch.failed() && watch.end().1.is_none());
        // Late ones.
        assert_eq!(unmarked("\u{2}gan-course:error\n"), None);
        assert_eq!(unmarked("text\u{2}gan-course:failed\n").as_deref(), Some("text"));
        assert_eq!(unmarked("text\n").as_deref(), Some("text\n"));
    }

    #[test]
    fn a_failure_whose_text_was_not_seen_takes_no_other_text() {
        let (before, failure) = watched(&["mine\n"], &["\u{2}gan-course:failed\n"]);
        assert_eq!((before, failure.unwrap().name.as_str()), (vec!["mine\n".into()], "Error"));
    }

    #[test]
    fn lines_that_keep_coming_are_shown_and_a_panic_holds_back_so_much_only() {
        let mut watch = Watch::default();
        watch.stderr(message(), "first\n");
        std::thread::sleep(WAIT + Duration::from_millis(20));
        watch.stderr(message(), "second\n");
        let shown: Vec<_> = watch.flush().into_iter().map(|(_, text)| text).collect();
        assert_eq!(shown[0], "first\n");
        let mut watch = Watch::default();
        PANIC.iter().for_each(|line| watch.stderr(message(), line));
        std::thread::sleep(WAIT + Duration::from_millis(20));
        assert!(watch.flush().is_empty() && watch.waits());
        watch.stderr(message(), &"x".repeat(HELD));
        assert!(watch.flush().iter().any(|(_, text)| is_panic(text)));
        assert!(watch.bytes <= HELD);
    }

    #[test]
    fn the_prelude_makes_these_marks() {
        let shown = |mark: &str| mark.replace('\u{2}', "\\u{2}");
        assert_eq!(PRELUDE.matches(&shown(FAILED)).count(), 6);
        assert_eq!(PRELUDE.matches(&shown(BEGIN)).count(), 1);
    }
}
