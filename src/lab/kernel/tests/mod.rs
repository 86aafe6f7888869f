//! The go-between among a kernel and frontends that speak ZeroMQ through another implementation.

mod peers;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use peers::{Course, Frontend, RUNTIME, key};
use serde_json::json;

use super::message::Message;
use super::relay::{End, Event};
use super::zmtp::{self, Stream};
use crate::show::live::Live;

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::kind).filter(|kind| *kind != "status").collect()
}

fn texts(messages: &[Message], name: &str) -> String {
    let streams = messages.iter().filter(|message| message.kind() == "stream").map(Message::content);
    streams
        .filter(|content| content["name"] == name)
        .map(|c| c["text"].as_str().unwrap().to_owned())
        .collect()
}

/// As it is below the delimiter; identities before it are the sockets'.
fn signed(frames: &[Vec<u8>]) -> &[Vec<u8>] {
    let at = frames.iter().position(|frame| frame == b"<IDS|MSG>").unwrap();
    &frames[at..]
}

#[test]
fn messages_of_several_frontends_pass_byte_for_byte() {
    let course = Course::start();
    let mut fronts = ["one", "two"].map(|name| Frontend::connect(&course.front, name));
    for round in 0..3 {
        for index in 0..2 {
            let content = json!({ "code": format!("print {round} {index}") });
            let (id, mut frames) = fronts[index].frames("execute_request", &content);
            let buffer = vec![0, 255, round]; // no signature covers it, and evcxr could not read the message
            frames.push(buffer);
            fronts[index].send(&frames);
            frames.pop();
            let reply = fronts[index].reply();
            assert_eq!((reply.parent_id(), reply.kind()), (id.as_str(), "execute_reply"));
            assert!(course.kernel.heard.lock().unwrap().iter().any(|heard| signed(heard) == frames));
            let said = course.kernel.said.lock().unwrap().clone();
            assert!(said.iter().any(|said| signed(said) == signed(reply.frames())), "the reply was changed");
            // Both see all output.
            for front in &mut fronts {
                let outputs = front.outputs(&id);
                assert_eq!(texts(&outputs, "stdout"), format!("{round} {index}\n"));
                for output in outputs {
                    assert!(said.iter().any(|said| signed(said) == signed(output.frames())), "{output:?}");
                }
            }
        }
    }
}

#[test]
fn frontends_of_one_name_get_each_their_own_answers() {
    let course = Course::start();
    let mut fronts = ["one", "one"].map(|name| Frontend::connect(&course.front, name));
    for index in [0, 1, 0] {
        fronts[index].run("print a");
        assert_eq!(fronts[index].reply().kind(), "execute_reply");
    }
}

#[test]
fn a_message_with_a_wrong_signature_does_not_reach_the_kernel() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let (_, mut forged) = front.frames("execute_request", &json!({ "code": "print forged" }));
    forged[1] = b"0".repeat(64);
    front.send(&forged);
    let id = front.run("print right");
    assert_eq!(front.reply().parent_id(), id);
    let heard = course.kernel.heard.lock().unwrap();
    assert!(heard.iter().all(|heard| signed(heard)[1] != forged[1]));
}

#[test]
fn what_training_shows_becomes_one_display_and_its_updates() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let id = front.run("wait");
    front.started(&id);
    let mut live = Live::at(&course.live).unwrap();
    for (place, text) in [("bar", "1"), ("figure", "a"), ("bar", "2"), ("bar", "3")] {
        live.show(place, &format!("<p>{text}</p>"), text);
        std::thread::sleep(Duration::from_millis(50)); // read before the next is sent: none is left out
    }
    drop(live); // returns when all has been passed on
    // The next training of the cell has the same place.
    let mut live = Live::at(&course.live).unwrap();
    live.show("bar", "<p>next</p>", "next");
    drop(live);
    course.kernel.go.send(()).unwrap();
    let outputs = front.outputs(&id);
    let update = "update_display_data";
    assert_eq!(kinds(&outputs), ["display_data", "display_data", update, update, update]);
    let displays: Vec<_> =
        outputs.iter().filter(|m| m.kind().ends_with("display_data")).map(Message::content).collect();
    let place = |index: usize| displays[index]["transient"]["display_id"].as_str().unwrap();
    assert!(place(0) == place(2) && place(0) == place(3) && place(0) == place(4) && place(0) != place(1));
    assert_eq!(displays[3]["data"], json!({ "text/html": "<p>3</p>", "text/plain": "3" }));
    // Another training in another cell has another place.
    let id = front.run("wait");
    front.started(&id);
    let mut live = Live::at(&course.live).unwrap();
    live.show("bar", "<p>4</p>", "4");
    drop(live);
    course.kernel.go.send(()).unwrap();
    let outputs = front.outputs(&id);
    assert_ne!(
        outputs.iter().find(|m| m.kind() == "display_data").unwrap().content()["transient"],
        displays[0]["transient"]
    );
}

#[test]
fn a_frontend_that_reads_nothing_holds_up_nobody_and_misses_only_what_was_replaced() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    // A slow one: greeted and subscribed, and then it sleeps.
    let address = format!("{}:{}", course.front.ip, course.front.iopub_port);
    let mut slow = Stream::Tcp(std::net::TcpStream::connect(address).unwrap());
    zmtp::handshake(&mut slow, "SUB", b"").unwrap();
    std::io::Write::write_all(&mut slow, &zmtp::encode(&[vec![1]])).unwrap();
    std::thread::sleep(Duration::from_millis(200));

    let id = front.run("wait");
    front.started(&id);
    let started = Instant::now();
    let mut live = Live::at(&course.live).unwrap();
    let picture = "x".repeat(100_000);
    for number in 0..300 {
        live.show("figure", &picture, &number.to_string());
    }
    drop(live);
    course.kernel.go.send(()).unwrap();
    front.outputs(&id);
    let id = front.run("many 200");
    let quick = texts(&front.outputs(&id), "stdout");
    // 30 MB would take the sleeper for ever.
    assert!(started.elapsed() < Duration::from_secs(20));

    let (mut last, mut updates, mut lines) = (String::new(), 0, String::new());
    loop {
        let message = Message::read(zmtp::read_message(&mut slow).unwrap(), &key()).unwrap();
        let content = message.content();
        match message.kind() {
            "update_display_data" => {
                updates += 1;
                last = content["data"]["text/plain"].as_str().unwrap().to_owned();
            }
            "stream" => lines += content["text"].as_str().unwrap(),
            "status" if message.parent_id() == id && content["execution_state"] == "idle" => break,
            _ => {}
        }
    }
    assert_eq!(last, "299");
    assert!(updates < 250, "{updates} updates waited for one who slept");
    assert_eq!(lines, quick);
}

#[test]
fn what_a_cell_asks_reaches_the_one_who_ran_it() {
    let course = Course::start();
    let mut fronts = ["one", "two"].map(|name| Frontend::connect(&course.front, name));
    for index in [1, 0] {
        let id = fronts[index].run("ask Name?");
        let asked = fronts[index].answer("Ada");
        assert_eq!((asked.kind(), asked.parent_id()), ("input_request", id.as_str()));
        assert_eq!(asked.content()["prompt"], "Name?");
        assert_eq!(texts(&fronts[index].outputs(&id), "stdout"), "Ada");
    }
}

#[test]
fn the_first_interrupt_goes_to_training_and_the_second_to_the_kernel() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let interrupts = || course.kernel.interrupts.load(Ordering::SeqCst);
    for round in 1..=2 {
        let id = front.run("wait");
        front.started(&id);
        // What trains has connected when what it shows has come back.
        let mut live = Live::at(&course.live).unwrap();
        live.show("bar", "", "");
        while front.output_within(Duration::from_secs(10)).unwrap().kind() != "display_data" {}
        assert!(!live.stop_asked());
        let reply = front.command("interrupt_request");
        assert_eq!((reply.kind(), reply.content()), ("interrupt_reply", json!({ "status": "ok" })));
        let started = Instant::now();
        while !live.stop_asked() {
            assert!(started.elapsed() < Duration::from_secs(10), "training was not told");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(interrupts(), round - 1);
        assert_eq!(front.command("interrupt_request").content(), json!({ "by": "kernel" }));
        assert_eq!(interrupts(), round);
        drop(live);
        course.kernel.go.send(()).unwrap();
        front.outputs(&id);
    }
    // The cell doesn't train: the kernel's at once.
    let id = front.run("wait");
    front.started(&id);
    assert_eq!(front.command("interrupt_request").content(), json!({ "by": "kernel" }));
    course.kernel.go.send(()).unwrap();
    front.outputs(&id);
    // No cell runs: nothing to end, and nothing may be lost.
    assert_eq!(front.command("interrupt_request").content(), json!({ "status": "ok" }));
    assert_eq!(interrupts(), 3);
}

#[test]
fn an_interrupt_ends_all_training_of_its_cell_and_calls_off_those_behind() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let id = front.run("wait");
    let behind = front.run("print never");
    front.started(&id);
    let mut live = Live::at(&course.live).unwrap();
    live.show("bar", "", "");
    while front.output_within(Duration::from_secs(10)).unwrap().kind() != "display_data" {}
    assert_eq!(front.command("interrupt_request").content(), json!({ "status": "ok" }));
    drop(live);
    let next = Live::at(&course.live).unwrap();
    let started = Instant::now();
    while !next.stop_asked() {
        assert!(started.elapsed() < Duration::from_secs(10), "the next training was not told");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(next);
    course.kernel.go.send(()).unwrap();
    assert_eq!(
        (front.reply().parent_id(), front.reply().content()),
        (id.as_str(), json!({ "status": "aborted" }))
    );
    assert_eq!(kinds(&front.outputs(&behind)), [""; 0]);
}

#[test]
fn a_kernel_that_sends_no_reply_fails_this_cell_and_all_after_it() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    for code in ["mute", "print never"] {
        let id = front.run(code);
        let reply = front.reply();
        assert_eq!((reply.parent_id(), reply.kind()), (id.as_str(), "execute_reply"));
        let content = reply.content();
        assert_eq!((&content["status"], &content["ename"]), (&json!("error"), &json!("KernelError")));
        assert_eq!(kinds(&front.outputs(&id)), ["error"], "{code}");
    }
}

#[test]
fn a_panic_and_a_failing_question_mark_fail_the_cell() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    for (code, name) in [("panic boom", "Panic"), ("question boom", "Error"), ("compile boom", "Error")] {
        let id = front.run(code);
        let outputs = front.outputs(&id);
        let error = outputs.iter().find(|message| message.kind() == "error").expect(code).content();
        assert_eq!((error["ename"].as_str(), error["evalue"].as_str()), (Some(name), Some("boom")), "{code}");
        let reply = front.reply();
        let content = reply.content();
        assert_eq!(
            (content["status"].as_str(), content["execution_count"].as_u64()),
            (Some("error"), Some(1))
        );
        assert_eq!((&content["evalue"], &content["traceback"]), (&error["evalue"], &error["traceback"]));
        match code {
            "panic boom" => {
                assert_eq!(kinds(&outputs), ["stream", "error", "display_data"]);
                assert_eq!(texts(&outputs, "stderr"), "mine\n");
                let folded = outputs[outputs.len() - 2].content()["data"]["text/html"].to_string();
                assert!(folded.contains("<details>") && folded.contains("&lt;main&gt;"), "{folded}");
            }
            "question boom" => assert_eq!(kinds(&outputs), ["error"]),
            _ => assert_eq!(error["traceback"], json!(["as evcxr"])),
        }
    }
    let id = front.run("caught and gone on");
    let outputs = front.outputs(&id);
    assert!(!kinds(&outputs).contains(&"error"));
    assert!(texts(&outputs, "stderr").contains("panicked"));
    assert_eq!(front.reply().content()["status"], "ok");
}

#[test]
fn what_a_cell_printed_last_comes_before_its_end() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    // The wait for it is short, and a busy machine may hold it up for longer: once of five will do.
    let came = (0..5).any(|_| {
        let id = front.run("late");
        let outputs = front.outputs(&id);
        (texts(&outputs, "stdout"), texts(&outputs, "stderr")) == ("out\n".into(), "err\n".into())
    });
    assert!(came);
}

#[test]
fn cells_behind_one_that_failed_are_called_off() {
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let run_all = |front: &mut Frontend, stop: bool| -> Vec<String> {
        let content = json!({ "code": "wait", "stop_on_error": stop });
        front.ask("execute_request", &content);
        front.ask("execute_request", &json!({ "code": "question boom", "stop_on_error": stop }));
        front.run("print never");
        front.ask("complete_request", &json!({}));
        course.kernel.go.send(()).unwrap();
        let replies: Vec<_> = (0..4).map(|_| front.reply()).collect();
        replies.iter().map(|reply| reply.content()["status"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(run_all(&mut front, true), ["ok", "error", "aborted", "ok"]);
    assert_eq!(run_all(&mut front, false), ["ok", "error", "ok", "ok"]);
}

#[test]
fn a_shutdown_ends_both_even_if_the_kernel_does_not_answer() {
    let mut course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let reply = front.command("shutdown_request");
    assert_eq!((reply.kind(), reply.content()), ("shutdown_reply", json!({ "by": "kernel" })));
    assert_eq!(course.end(), End::Died(0));

    // The kernel is dead and nobody has noticed.
    let mut course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    course.kernel.deaf.store(true, Ordering::SeqCst);
    let reply = front.command("shutdown_request");
    assert_eq!(reply.content(), json!({ "status": "ok", "restart": false }));
    assert_eq!(course.end(), End::Shutdown);
}

#[test]
fn a_kernel_that_dies_ends_the_go_between() {
    let mut course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    let id = front.run("last");
    front.started(&id);
    std::thread::sleep(Duration::from_millis(50)); // less than a line of stderr is held back
    course.events.send(Event::Died(137)).unwrap();
    assert_eq!(texts(&front.outputs(&id), "stderr"), "words\n");
    assert_eq!(course.end(), End::Died(137));
}

#[test]
fn the_heart_beats_whatever_the_kernel_does() {
    use zeromq::{ReqSocket, Socket, SocketRecv, SocketSend};
    let course = Course::start();
    let mut front = Frontend::connect(&course.front, "one");
    front.run("wait");
    let beat = RUNTIME.block_on(async {
        let mut heart = ReqSocket::new();
        heart.connect(&format!("tcp://{}:{}", course.front.ip, course.front.hb_port)).await.unwrap();
        heart.send("ping".into()).await.unwrap();
        heart.recv().await.unwrap()
    });
    assert_eq!(beat.get(0).unwrap().to_vec(), b"ping");
}
