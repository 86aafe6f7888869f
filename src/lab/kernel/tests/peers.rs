//! A frontend, and a kernel that does as evcxr does, on sockets of the crate `zeromq`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zeromq::{
    DealerSocket, PubSocket, RouterSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket,
    ZmqMessage,
};

use crate::lab::kernel::connection::Connection;
use crate::lab::kernel::message::{Key, Message};
use crate::lab::kernel::relay::{End, Event, Relay};
use crate::lab::kernel::zmtp::Frames;

pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
});
const LONG: Duration = Duration::from_secs(20);

fn to_zmq(frames: &Frames) -> ZmqMessage {
    let mut message = ZmqMessage::from(frames[0].clone());
    frames[1..].iter().for_each(|frame| message.push_back(frame.clone().into()));
    message
}

fn from_zmq(message: ZmqMessage) -> Frames {
    message.into_vec().into_iter().map(|frame| frame.to_vec()).collect()
}

pub fn key() -> Key {
    Key::new("secret")
}

/// What stands in Jupyter's connection file, and a go-between that runs between it and a kernel.
pub struct Course {
    pub front: Connection,
    pub kernel: Kernel,
    pub live: std::path::PathBuf,
    relay: Option<JoinHandle<End>>,
    pub events: SyncSender<Event>,
    _folder: tempfile::TempDir,
}

impl Course {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live");
        let none = Connection {
            transport: "tcp".into(),
            ip: "127.0.0.1".into(),
            shell_port: 0,
            iopub_port: 0,
            stdin_port: 0,
            control_port: 0,
            hb_port: 0,
            key: "secret".into(),
            signature_scheme: "hmac-sha256".into(),
        };
        // Addresses of its own, so that what else runs in this process can't take a port that was free a moment ago.
        static COURSES: AtomicUsize = AtomicUsize::new(1);
        let place = || {
            let number = COURSES.fetch_add(1, Ordering::SeqCst);
            let ip = format!("127.1.{}.{}", number / 250, number % 250 + 1);
            Connection { ip, ..none.behind().unwrap() }
        };
        let (front, behind) = (place(), place());
        let listener = std::os::unix::net::UnixListener::bind(&live).unwrap();
        let relay = Relay::new(&front, behind.clone(), listener).unwrap();
        let events = relay.events();
        let relay = Some(std::thread::spawn(|| relay.run()));
        let kernel = Kernel::start(&behind, events.clone());
        Self { front, kernel, live, relay, events, _folder: folder }
    }

    pub fn end(&mut self) -> End {
        self.relay.take().unwrap().join().unwrap()
    }
}

/// A notebook.
pub struct Frontend {
    pub shell: DealerSocket,
    pub control: DealerSocket,
    pub stdin: DealerSocket,
    pub iopub: SubSocket,
    name: String,
    sent: usize,
}

async fn dealer(connection: &Connection, port: u16, name: &str) -> DealerSocket {
    let mut options = SocketOptions::default();
    options.peer_identity(name.parse().unwrap());
    let mut socket = DealerSocket::with_options(options);
    socket.connect(&format!("tcp://{}:{port}", connection.ip)).await.unwrap();
    socket
}

impl Frontend {
    /// Connects, and waits until the kernel answers and its output is heard, as clients do.
    pub fn connect(to: &Connection, name: &str) -> Self {
        let mut own = RUNTIME.block_on(async {
            let mut iopub = SubSocket::new();
            iopub.connect(&format!("tcp://{}:{}", to.ip, to.iopub_port)).await.unwrap();
            iopub.subscribe("").await.unwrap();
            Self {
                shell: dealer(to, to.shell_port, name).await,
                control: dealer(to, to.control_port, name).await,
                stdin: dealer(to, to.stdin_port, name).await,
                iopub,
                name: name.into(),
                sent: 0,
            }
        });
        let started = Instant::now();
        loop {
            let id = own.ask("kernel_info_request", &json!({}));
            while let Some(reply) = own.reply_within(Duration::from_secs(5)) {
                if reply.parent_id() == id {
                    break;
                }
            }
            if own.output_within(Duration::from_millis(300)).is_some() {
                while own.output_within(Duration::from_millis(300)).is_some() {}
                return own;
            }
            assert!(started.elapsed() < LONG, "the kernel does not answer");
        }
    }

    pub fn frames(&mut self, kind: &str, content: &Value) -> (String, Frames) {
        self.sent += 1;
        let id = format!("{}-{}", self.name, self.sent);
        // In a form of its own, that nobody who wrote it anew would hit upon.
        let header = format!(
            r#"{{ "msg_type":"{kind}",  "msg_id":"{id}","session":"{}","username":"me","date":"2026-01-01T00:00:00Z" ,"version":"5.3"}}"#,
            self.name
        );
        let parts =
            [header, "{}".into(), r#"{"a" : [1]}"#.into(), content.to_string()].map(String::into_bytes);
        let message = Message::answer(&[], kind, &json!({}), content, &key());
        let message = Message::read(message, &key()).unwrap();
        (id, message.with_parts(&parts, &key()))
    }

    pub fn send(&mut self, frames: &Frames) {
        RUNTIME.block_on(self.shell.send(to_zmq(frames))).unwrap();
    }

    pub fn ask(&mut self, kind: &str, content: &Value) -> String {
        let (id, frames) = self.frames(kind, content);
        self.send(&frames);
        id
    }

    pub fn run(&mut self, code: &str) -> String {
        self.ask("execute_request", &json!({ "code": code, "allow_stdin": true }))
    }

    /// On control; the reply.
    pub fn command(&mut self, kind: &str) -> Message {
        let (_, frames) = self.frames(kind, &json!({ "restart": false }));
        RUNTIME.block_on(async {
            self.control.send(to_zmq(&frames)).await.unwrap();
            let reply = timeout(LONG, self.control.recv()).await.expect("no reply").unwrap();
            Message::read(from_zmq(reply), &key()).unwrap()
        })
    }

    pub fn reply_within(&mut self, time: Duration) -> Option<Message> {
        let reply = RUNTIME.block_on(async { timeout(time, self.shell.recv()).await }).ok()?.unwrap();
        Some(Message::read(from_zmq(reply), &key()).expect("signed"))
    }

    pub fn reply(&mut self) -> Message {
        self.reply_within(LONG).expect("a reply")
    }

    pub fn output_within(&mut self, time: Duration) -> Option<Message> {
        let output = RUNTIME.block_on(async { timeout(time, self.iopub.recv()).await }).ok()?.unwrap();
        Some(Message::read(from_zmq(output), &key()).expect("signed"))
    }

    /// Waits until a cell runs.
    pub fn started(&mut self, id: &str) {
        while self.output_within(LONG).expect("output").parent_id() != id {}
    }

    /// All output of a cell, until it is idle.
    pub fn outputs(&mut self, id: &str) -> Vec<Message> {
        let mut all = Vec::new();
        loop {
            let message = self.output_within(LONG).expect("output");
            if message.parent_id() != id {
                continue;
            }
            let idle = message.kind() == "status" && message.content()["execution_state"] == "idle";
            all.push(message);
            if idle {
                return all;
            }
        }
    }

    /// Answers what a cell asks.
    pub fn answer(&mut self, value: &str) -> Message {
        let asked =
            RUNTIME.block_on(async { timeout(LONG, self.stdin.recv()).await }).expect("a question").unwrap();
        let asked = Message::read(from_zmq(asked), &key()).unwrap();
        let (_, frames) = self.frames("input_reply", &json!({ "value": value }));
        RUNTIME.block_on(self.stdin.send(to_zmq(&frames))).unwrap();
        asked
    }
}

/// What evcxr does, without Rust: each cell is a word and what it is about.
pub struct Kernel {
    /// All that came in on shell, without the go-between's own identity.
    pub heard: Arc<Mutex<Vec<Frames>>>,
    /// All that was said on shell and iopub.
    pub said: Arc<Mutex<Vec<Frames>>>,
    pub interrupts: Arc<AtomicUsize>,
    /// Makes it deaf on control.
    pub deaf: Arc<AtomicBool>,
    /// Lets a cell `wait` end.
    pub go: Sender<()>,
}

impl Kernel {
    fn start(at: &Connection, events: SyncSender<Event>) -> Self {
        let _runtime = RUNTIME.enter();
        let (go, gone) = channel();
        let kernel = Self {
            heard: Arc::default(),
            said: Arc::default(),
            interrupts: Arc::default(),
            deaf: Arc::default(),
            go,
        };
        let address = |port| format!("tcp://{}:{port}", at.ip);
        let (mut shell, mut stdin, mut control) =
            (RouterSocket::new(), RouterSocket::new(), RouterSocket::new());
        let mut iopub = PubSocket::new();
        RUNTIME.block_on(async {
            shell.bind(&address(at.shell_port)).await.unwrap();
            stdin.bind(&address(at.stdin_port)).await.unwrap();
            control.bind(&address(at.control_port)).await.unwrap();
            iopub.bind(&address(at.iopub_port)).await.unwrap();
        });
        let (interrupts, deaf) = (kernel.interrupts.clone(), kernel.deaf.clone());
        std::thread::spawn(move || {
            while let Ok(request) = RUNTIME.block_on(control.recv()) {
                let request = Message::read(from_zmq(request), &key()).unwrap();
                if deaf.load(Ordering::SeqCst) {
                    continue;
                }
                if request.kind() == "interrupt_request" {
                    interrupts.fetch_add(1, Ordering::SeqCst);
                }
                let kind = request.kind().replace("_request", "_reply");
                let reply = Message::answer(
                    request.identities(),
                    &kind,
                    &request.header,
                    &json!({ "by": "kernel" }),
                    &key(),
                );
                RUNTIME.block_on(control.send(to_zmq(&reply))).unwrap();
                if request.kind() == "shutdown_request" {
                    std::thread::sleep(Duration::from_millis(100)); // evcxr too waits for its reply to leave
                    let _ = events.send(Event::Died(0));
                }
            }
        });
        let player = Player { shell, stdin, iopub, said: kernel.said.clone(), gone };
        let heard = kernel.heard.clone();
        std::thread::spawn(move || player.play(&heard));
        kernel
    }
}

struct Player {
    shell: RouterSocket,
    stdin: RouterSocket,
    iopub: PubSocket,
    said: Arc<Mutex<Vec<Frames>>>,
    gone: Receiver<()>,
}

impl Player {
    fn play(mut self, heard: &Mutex<Vec<Frames>>) {
        while let Ok(request) = RUNTIME.block_on(self.shell.recv()) {
            let frames = from_zmq(request);
            heard.lock().unwrap().push(frames[2..].to_vec());
            let request = Message::read(frames, &key()).unwrap();
            self.publish(&request, "status", &json!({ "execution_state": "busy" }));
            let content = request.content();
            if content["code"] == "mute" {
                self.publish(&request, "status", &json!({ "execution_state": "idle" }));
                continue;
            }
            let reply = match content["code"].as_str() {
                Some(code) => self.cell(&request, code.split_once(' ').unwrap_or((code, ""))),
                None => json!({ "status": "ok" }),
            };
            let kind = request.kind().replace("_request", "_reply");
            let reply = Message::answer(request.identities(), &kind, &request.header, &reply, &key());
            self.said.lock().unwrap().push(reply[2..].to_vec());
            RUNTIME.block_on(self.shell.send(to_zmq(&reply))).unwrap();
            let late = content["code"] == "late";
            if late {
                std::thread::sleep(Duration::from_millis(5)); // the reply is there before the cell is idle
            }
            self.publish(&request, "status", &json!({ "execution_state": "idle" }));
            if late {
                self.stream(&request, "stdout", "out\n");
                self.stream(&request, "stderr", "err\n");
            }
        }
    }

    fn publish(&mut self, request: &Message, kind: &str, content: &Value) {
        let frames = Message::answer(&[], kind, &request.header, content, &key());
        self.said.lock().unwrap().push(frames.clone());
        RUNTIME.block_on(self.iopub.send(to_zmq(&frames))).unwrap();
    }

    fn stream(&mut self, request: &Message, name: &str, text: &str) {
        self.publish(request, "stream", &json!({ "name": name, "text": text }));
    }

    fn cell(&mut self, request: &Message, (word, rest): (&str, &str)) -> Value {
        let failed = "\u{2}gan-course:failed\n";
        match word {
            "print" => self.stream(request, "stdout", &format!("{rest}\n")),
            "last" => {
                self.stream(request, "stderr", "words\n");
                std::thread::sleep(LONG);
            }
            "many" => (0..rest.parse().unwrap()).for_each(|number| {
                self.stream(request, "stdout", &format!("{number} {}\n", "x".repeat(1000)));
            }),
            "panic" => {
                self.stream(request, "stderr", "mine\n");
                self.stream(request, "stderr", "thread 'main' (7) panicked at src/lib.rs:9:1:\n");
                self.stream(request, "stderr", &format!("{rest}\n"));
                (0..2).for_each(|_| self.stream(request, "stdout", failed));
                // evcxr sends what is left of stderr after the reply.
                self.stream(request, "stderr", "stack backtrace:\n");
                self.stream(request, "stderr", "   0: <main>\n");
                self.stream(request, "stderr", failed);
            }
            "question" => {
                self.stream(request, "stderr", "\u{2}gan-course:error\n");
                self.stream(request, "stderr", &format!("{rest}\n"));
                self.stream(request, "stderr", failed);
                (0..2).for_each(|_| self.stream(request, "stdout", failed));
            }
            "caught" => {
                self.stream(request, "stderr", "thread 'main' (7) panicked at src/lib.rs:9:1:\n");
                self.stream(request, "stdout", &format!("{rest}\n"));
            }
            "compile" => {
                let content = json!({ "ename": "Error", "evalue": rest, "traceback": ["as evcxr"] });
                self.publish(request, "error", &content);
                return json!({ "status": "error", "execution_count": 1 });
            }
            "ask" => {
                let identities = request.identities();
                let content = json!({ "prompt": rest, "password": false });
                let question =
                    Message::answer(identities, "input_request", &request.header, &content, &key());
                RUNTIME.block_on(self.stdin.send(to_zmq(&question))).unwrap();
                let answer = RUNTIME.block_on(self.stdin.recv()).unwrap();
                let answer = Message::read(from_zmq(answer), &key()).unwrap().content();
                self.stream(request, "stdout", answer["value"].as_str().unwrap());
            }
            "wait" => self.gone.recv_timeout(LONG).unwrap(),
            _ => {}
        }
        json!({ "status": "ok", "execution_count": 1 })
    }
}
