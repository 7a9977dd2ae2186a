//! A person in front of a browser: asks for pages, sends forms, reads what came back.

use std::net::SocketAddr;

use scraper::{Html, Selector};

/// A browser with its cookies.
#[derive(Clone)]
pub struct Actor {
    client: reqwest::Client,
    address: SocketAddr,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Actor {
    pub fn new(address: SocketAddr) -> Actor {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("accept-language", "en".parse().expect("a header"));
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers)
            .build()
            .expect("a client");
        Actor { client, address }
    }

    /// A browser that has this session's cookie already.
    pub fn with_session(address: SocketAddr, token: &str) -> Actor {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("accept-language", "en".parse().expect("a header"));
        let cookie = format!("{}={token}", shifu::access::viewer::SESSION_COOKIE);
        headers.insert("cookie", cookie.parse().expect("a header"));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers)
            .build()
            .expect("a client");
        Actor { client, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Reads pages in English or Chinese from now on (the cast's own language is Chinese).
    pub async fn reads(self, lang: &str) -> Actor {
        self.post("/reader", &[("lang", lang), ("back", "/")]).await;
        self
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.client.get(self.url(path))).await
    }

    /// A page asked for with headers of its own.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = self.client.get(self.url(path));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    /// The status and the bytes of a file.
    pub async fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let response = self.client.get(self.url(path)).send().await.expect("the server answers");
        let status = response.status().as_u16();
        (status, response.bytes().await.expect("a body").to_vec())
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.client.post(self.url(path)).form(fields)).await
    }

    pub async fn post_json(&self, path: &str, body: &serde_json::Value) -> Page {
        self.send(self.client.post(self.url(path)).json(body)).await
    }

    /// What comes back, or nothing when the server goes away meanwhile.
    pub async fn try_post_json(&self, path: &str, body: &serde_json::Value) -> Option<Page> {
        Page::of(self.client.post(self.url(path)).json(body).send().await.ok()?).await
    }

    /// The same for a form.
    pub async fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> Option<Page> {
        Page::of(self.client.post(self.url(path)).form(fields).send().await.ok()?).await
    }

    /// A request with headers of its own.
    pub async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Page {
        let request = headers
            .iter()
            .fold(self.client.post(self.url(path)).form(fields), |request, (name, value)| {
                request.header(*name, *value)
            });
        self.send(request).await
    }

    /// Uploads a file in a multipart form.
    pub async fn upload(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
        bytes: Vec<u8>,
    ) -> Page {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = fields
            .iter()
            .fold(reqwest::multipart::Form::new().part("file", part), |form, (k, v)| {
                form.text((*k).to_owned(), (*v).to_owned())
            });
        self.send(self.client.post(self.url(path)).multipart(form)).await
    }

    /// Sends a multipart form with files: the name of the field, of the file, and its bytes.
    pub async fn post_files(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Page {
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (field, name, bytes) in files {
            let part =
                reqwest::multipart::Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
            form = form.part((*field).to_owned(), part);
        }
        self.send(self.client.post(self.url(path)).multipart(form)).await
    }

    /// A file as it comes: status and bytes.
    pub async fn download(&self, path: &str) -> (u16, Vec<u8>) {
        let response = self.client.get(self.url(path)).send().await.expect("the server answers");
        let status = response.status().as_u16();
        (status, response.bytes().await.expect("a body").to_vec())
    }

    /// Uploads several files in a multipart form: each with its field, its name and its bytes.
    pub async fn upload_all<'a>(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: impl IntoIterator<Item = (&'a str, &'a str, &'a [u8])>,
    ) -> Page {
        let form = fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
        let form = files.into_iter().fold(form, |form, (field, name, bytes)| {
            let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
            form.part(field.to_owned(), part)
        });
        self.send(self.client.post(self.url(path)).multipart(form)).await
    }

    /// Fills in the form with this action on a page and sends it, hidden fields included.
    pub async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = page.form(action);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        self.post(action, &all).await
    }

    /// Follows where a form led.
    pub async fn follow(&self, page: &Page) -> Page {
        let path = page.location.as_deref().expect("a redirect");
        self.get(path).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.expect("the server answers");
        Page::of(response).await.expect("a body")
    }
}

impl Page {
    async fn of(response: reqwest::Response) -> Option<Page> {
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        Some(Page {
            status: response.status().as_u16(),
            location: location.map(str::to_owned),
            headers: response.headers().clone(),
            body: response.text().await.ok()?,
        })
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The texts of all elements that match, with white space folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        self.html()
            .select(&selector)
            .map(|element| {
                element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// The first heading.
    pub fn heading(&self) -> String {
        self.texts("h1").into_iter().next().unwrap_or_default()
    }

    /// Whether any element that matches says this.
    pub fn says(&self, selector: &str, words: &str) -> bool {
        self.texts(selector).iter().any(|text| text.contains(words))
    }

    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }

    /// An attribute of the first element that matches.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let selector = Selector::parse(selector).expect("a selector");
        self.html().select(&selector).next()?.value().attr(name).map(str::to_owned)
    }

    /// The links on the page.
    pub fn links(&self) -> Vec<String> {
        let selector = Selector::parse("a[href]").expect("a selector");
        self.html()
            .select(&selector)
            .filter_map(|a| a.value().attr("href").map(str::to_owned))
            .collect()
    }

    /// The fields of the form with this action as the browser would send them.
    pub fn form(&self, action: &str) -> Vec<(String, String)> {
        let html = self.html();
        let selector = Selector::parse(&format!("form[action=\"{action}\"]")).expect("a selector");
        let form = html
            .select(&selector)
            .next()
            .unwrap_or_else(|| panic!("no form to {action} on: {}", self.body));
        let inputs = Selector::parse("input[name], textarea[name]").expect("a selector");
        form.select(&inputs)
            .filter(|input| {
                !matches!(input.value().attr("type"), Some("checkbox" | "radio" | "file"))
            })
            .map(|input| {
                let name = input.value().attr("name").unwrap_or_default().to_owned();
                let value = input.value().attr("value").map(str::to_owned);
                (name, value.unwrap_or_else(|| input.text().collect()))
            })
            .collect()
    }
}
