//! Bad luck at the start and in the middle, with the real command: a clear sentence, nothing corrupt, the next start fine.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use jiff::Timestamp;
use serde_json::Value;

use crate::lambda::build::binaries;
use crate::support::{edit, sample};

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("winback-luck-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("made");
        Self(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("text").to_owned()
    }

    /// The sample shop, with one word of its program changed.
    fn shop(&self, from: &str, to: &str) -> String {
        let mut folder = sample("shop");
        edit(&mut folder, "program.yaml", from, to);
        for (path, text) in &folder {
            let path = self.0.join("shop").join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        self.path("shop")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A place that is served by a process of its own. Dropped, the process is killed.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    /// Starts it, and waits until it says where it is.
    fn start(command: &mut Command, port: u16) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("it speaks");
        assert!(line.contains(&format!("http://127.0.0.1:{port}")), "{line}");
        Self { child, port }
    }

    /// What its clock shows.
    fn clock(&self) -> Timestamp {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the door is open");
        let request = format!("GET /api/clock HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\r\n", self.port);
        socket.write_all(request.as_bytes()).expect("taken");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("answered");
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
        body["now"].as_str().expect("a time").parse().expect("a time")
    }

    /// Lets it play until its clock is past a moment.
    fn until(&self, moment: &str) {
        let moment: Timestamp = moment.parse().expect("a time");
        while self.clock() < moment {}
    }

    /// Ends it with a signal, and says how it ended.
    fn end(mut self, signal: &str) -> Output {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(killed.success());
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.child.stdout.take().expect("piped").read_to_end(&mut stdout).expect("read");
        self.child.stderr.take().expect("piped").read_to_end(&mut stderr).expect("read");
        Output { status: self.child.wait().expect("it ends"), stdout, stderr }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn winback(arguments: &[&str]) -> Command {
    let mut command = Command::new(&binaries()["winback"]);
    command.args(arguments).env("NO_COLOR", "1");
    command
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|door| door.local_addr()).expect("a free port").port()
}

/// It ends at once with a failure, and says this.
fn refused(arguments: &[&str], says: &str) {
    let output = winback(arguments).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.contains(says), "{arguments:?}: {said}");
}

#[test]
fn what_cannot_be_is_said_and_leaves_nothing_behind() {
    let folder = Folder::new("start");
    let (place, door) = (folder.path("place"), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    let taken = door.local_addr().expect("bound").port().to_string();
    refused(&["--data", &place, "--port", &taken], "is in use by another program; choose another with --port");
    assert!(!Path::new(&place).join("clock").exists(), "a start that failed begins nothing");
    fs::write(folder.path("file"), "").expect("written");
    refused(&["--data", &folder.path("file")], "is a file; --data wants a folder");
    refused(&["--at", "2026-05-01T10:00:00Z"], "--at is for a shop of your own");
    refused(&["--orders", &folder.path("nothing.csv")], "nothing.csv");
    let typo = folder.shop("valid: 3 days                ", "valid: 3 dais                ");
    refused(&["serve", "--data", &place, "--program", &typo], "cannot be used as it is");
}

#[test]
fn killed_in_the_middle_the_next_start_goes_on_and_no_other_shop_moves_in() {
    let folder = Folder::new("killed");
    let (place, port) = (folder.path("place"), free_port());
    let arguments = ["--data", &place, "--port", &port.to_string()];
    let served = Served::start(&mut winback(&arguments), port);
    served.until("2025-03-01T00:00:00Z");
    let before = served.clock();
    served.end("-KILL");

    let served = Served::start(&mut winback(&arguments), port);
    assert!(served.clock() >= before, "time does not go back");
    served.until("2025-03-20T00:00:00Z");
    let ended = served.end("-INT");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("keeps everything"), "{said}");

    let shop = folder.shop("lapsed: 90 days", "lapsed: 60 days");
    refused(&["serve", "--data", &place, "--program", &shop], "holds the demo bookshop");
}

#[test]
fn a_full_disk_ends_it_with_a_sentence_and_with_room_it_goes_on() {
    let folder = Folder::new("full");
    let (place, port) = (folder.path("place"), free_port());
    // No file may grow over two megabytes: to whoever writes, that is a disk that is full.
    let mut full = Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""]).arg(&binaries()["winback"]);
    full.args(["--data", &place, "--port", &port.to_string()]);
    let output = full.output().expect("it starts and ends by itself");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("can keep nothing more") && said.contains("make room"), "{said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("keeps everything"));

    let served = Served::start(&mut winback(&["--data", &place, "--port", &port.to_string()]), port);
    let stood = served.clock();
    assert!(stood > "2025-01-01T00:00:00Z".parse().expect("a time"));
    served.until(&stood.saturating_add(jiff::SignedDuration::from_hours(24 * 7)).expect("a time").to_string());
}
