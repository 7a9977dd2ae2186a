//! A real browser: headless Chromium, driven through a private chromedriver.
//!
//! Nothing here sleeps: a command that looks for something on the page is given ten seconds in the
//! driver itself, which looks again until it is there.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use base64::Engine;
use serde_json::{Value, json};

use super::{PASSWORD, World};

/// The key under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long the driver looks for an element, in milliseconds.
const PATIENCE: u32 = 10_000;

/// What is missing for the tests in a browser, and how to get it.
pub fn lack() -> Option<&'static str> {
    programs()
        .is_none()
        .then_some("the tests in a browser (install the packages chromium and chromium-driver)")
}

/// Chromium and chromedriver.
fn programs() -> Option<(PathBuf, PathBuf)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |names: &[&str]| {
        std::env::split_paths(&path)
            .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
            .find(|file| file.is_file())
    };
    Some((find(&["chromium", "chromium-browser", "google-chrome"])?, find(&["chromedriver"])?))
}

/// The driver, started once a test process and ended with it.
struct Driver {
    address: SocketAddr,
}

impl Driver {
    fn get() -> &'static Driver {
        static DRIVER: OnceLock<Driver> = OnceLock::new();
        DRIVER.get_or_init(Driver::start)
    }

    fn start() -> Driver {
        let (_, driver) = programs().expect("asked only where there is a browser");
        let folder =
            tempfile::Builder::new().prefix("shifu-browser").tempdir().expect("a folder").keep();
        // Profiles and caches lie in the folder. The shell ends everything, group by group, when
        // our end of its standard input closes, however we end.
        let script = format!(
            "'{driver}' --port=0 & driver=$!; cat >/dev/null; \
             for browser in $(pgrep -P $driver); do kill -- -$browser $browser; done; \
             kill $driver; wait; rm -rf '{folder}'",
            driver = driver.display(),
            folder = folder.display(),
        );
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .env("HOME", &folder)
            .env("TMPDIR", &folder)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let mut said = BufReader::new(shell.stdout.take().expect("its output"));
        let address = SocketAddr::from(([127, 0, 0, 1], port_in(&mut said)));
        // Both pipes are kept open until the process ends.
        std::mem::forget(said);
        std::mem::forget(shell);
        Driver { address }
    }
}

/// The port the driver says it has taken.
fn port_in(said: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(said.read_line(&mut line).expect("it says something") > 0, "chromedriver ended");
        if let Some((_, port)) = line.split_once("successfully on port ") {
            return port.trim().trim_end_matches('.').parse().expect("a port");
        }
    }
}

/// A browser with a profile of its own, closed when it is dropped.
pub struct Browser {
    client: reqwest::Client,
    driver: SocketAddr,
    session: String,
    base: String,
}

impl Browser {
    /// A fresh browser in front of a world; nobody is signed in.
    pub async fn open(world: &World) -> Browser {
        Browser::at(&format!("http://{}", world.address)).await
    }

    /// A fresh browser in front of any installation.
    pub async fn at(base: &str) -> Browser {
        let (chromium, _) = programs().expect("asked only where there is a browser");
        let driver = Driver::get().address;
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "timeouts": { "implicit": PATIENCE },
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": chromium, "args": FLAGS },
        }}});
        let session = ask(client.post(format!("http://{driver}/session")).json(&wanted)).await;
        let session = session["sessionId"].as_str().expect("a session").to_owned();
        Browser { client, driver, session, base: base.trim_end_matches('/').to_owned() }
    }

    /// A browser in which this person of the cast signed in on the page.
    pub async fn signed_in(world: &World, staff_no: &str) -> Browser {
        let browser = Browser::open(world).await;
        browser.sign_in(staff_no, PASSWORD).await;
        browser
    }

    pub async fn sign_in(&self, who: &str, password: &str) {
        self.goto("/sign-in").await;
        self.fill("input[name=who]", who).await;
        self.fill("input[name=password]", password).await;
        self.submit("form[action='/sign-in'] button").await;
    }

    /// Opens a page and waits until it is loaded.
    pub async fn goto(&self, path: &str) {
        self.command("url", json!({ "url": format!("{}{path}", self.base) })).await;
    }

    /// The path of the page that is open, with its query.
    pub async fn path(&self) -> String {
        let path = self.script("return location.pathname + location.search").await;
        path.as_str().expect("a path").to_owned()
    }

    /// Writes into a field in place of what stands there, key by key.
    pub async fn fill(&self, css: &str, text: &str) {
        let element = self.find("css selector", css).await;
        self.command(&format!("element/{element}/clear"), json!({})).await;
        self.command(&format!("element/{element}/value"), json!({ "text": text })).await;
    }

    /// Presses what matches, and waits for the page it leads to.
    pub async fn click(&self, css: &str) {
        let element = self.find("css selector", css).await;
        self.command(&format!("element/{element}/click"), json!({})).await;
    }

    /// Moves the focus to what matches.
    pub async fn focus(&self, css: &str) {
        self.wait_for(css).await;
        let css = serde_json::to_string(css).expect("a string");
        self.script(&format!("document.querySelector({css}).focus()")).await;
    }

    /// Presses keys wherever the focus is: one by its name (`Tab`, `Enter`, `ArrowUp` …), or the
    /// letters of a text one after the other.
    pub async fn press(&self, keys: &str) {
        let named = match keys {
            "Tab" => Some('\u{E004}'),
            "Enter" => Some('\u{E007}'),
            "ArrowLeft" => Some('\u{E012}'),
            "ArrowUp" => Some('\u{E013}'),
            "ArrowRight" => Some('\u{E014}'),
            "ArrowDown" => Some('\u{E015}'),
            _ => None,
        };
        let keys: Vec<char> = named.map_or_else(|| keys.chars().collect(), |key| vec![key]);
        let down_and_up = keys.iter().flat_map(|key| {
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        let actions: Vec<Value> = down_and_up.collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.command("actions", json!({ "actions": [keyboard] })).await;
    }

    /// Presses a button that sends a form, and waits until the page it leads to has replaced this
    /// one: what follows must not overtake it.
    pub async fn submit(&self, css: &str) {
        self.script("document.documentElement.dataset.left = 'no'").await;
        self.click(css).await;
        self.wait_for("html:not([data-left])").await;
    }

    /// The visible text of the first element that matches.
    pub async fn text(&self, css: &str) -> String {
        let element = self.find("css selector", css).await;
        let text = self.fetch(&format!("element/{element}/text")).await;
        text.as_str().expect("a text").to_owned()
    }

    /// Waits until something matches.
    pub async fn wait_for(&self, css: &str) {
        self.find("css selector", css).await;
    }

    /// Waits until nothing matches any more.
    pub async fn wait_until_gone(&self, css: &str) {
        self.find("css selector", &format!("html:not(:has({css}))")).await;
    }

    /// Waits until the page says these words somewhere, within one element.
    pub async fn wait_for_words(&self, words: &str) {
        self.find("xpath", &format!("//body//*[contains(normalize-space(.), \"{words}\")]")).await;
    }

    /// Runs a script on the page and returns what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.command("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Cuts the connection, or restores it.
    pub async fn offline(&self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let conditions = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.devtools("Network.emulateNetworkConditions", conditions).await;
    }

    /// The size of the window's inside, in CSS pixels.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the reader's system prefers.
    pub async fn dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// A picture of the whole page, from top to bottom.
    pub async fn screenshot(&self, file: &Path) {
        let shot =
            self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let picture = base64::engine::general_purpose::STANDARD
            .decode(shot["data"].as_str().expect("a picture"))
            .expect("base64");
        std::fs::write(file, picture).expect("the picture can be written");
    }

    /// What the console complained of since it was last asked: script errors, blocked content,
    /// failed loads. Mere remarks of the browser are left out.
    pub async fn complaints(&self) -> Vec<String> {
        let lines = self.command("se/log", json!({ "type": "browser" })).await;
        let grave = |line: &&Value| matches!(line["level"].as_str(), Some("WARNING" | "SEVERE"));
        let said = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
        lines.as_array().expect("lines").iter().filter(grave).map(said).collect()
    }

    /// By how many pixels the page is wider than the window; 0 when it fits.
    pub async fn overflow(&self) -> i64 {
        let root = "const root = document.documentElement;";
        let wider =
            self.script(&format!("{root} return root.scrollWidth - root.clientWidth")).await;
        wider.as_i64().expect("a number")
    }

    async fn find(&self, using: &str, value: &str) -> String {
        let found = self.command("element", json!({ "using": using, "value": value })).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    async fn devtools(&self, command: &str, params: Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    async fn command(&self, what: &str, body: Value) -> Value {
        ask(self.client.post(self.endpoint(what)).json(&body)).await
    }

    async fn fetch(&self, what: &str) -> Value {
        ask(self.client.get(self.endpoint(what))).await
    }

    fn endpoint(&self, what: &str) -> String {
        format!("http://{}/session/{}/{what}", self.driver, self.session)
    }
}

/// A profile that is empty and keeps to itself: it asks nobody but the page's own server.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Sends a command; what the driver refuses ends the test with the driver's own words.
async fn ask(request: reqwest::RequestBuilder) -> Value {
    let answer: Value =
        request.send().await.expect("the driver answers").json().await.expect("in JSON");
    let value = answer["value"].clone();
    assert!(value["error"].is_null(), "{}: {}", value["error"], value["message"]);
    value
}

/// Closing cannot wait on the runtime, which may be ending: it goes over a plain connection.
impl Drop for Browser {
    fn drop(&mut self) {
        let Ok(mut stream) = TcpStream::connect(self.driver) else { return };
        let (session, driver) = (&self.session, self.driver);
        let head = format!(
            "DELETE /session/{session} HTTP/1.1\r\nHost: {driver}\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.read(&mut [0; 256]);
    }
}
