//! The staff list and the tree of sites.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::pages;
use crate::{
    access::{self, Acting, OverPeople, Role},
    db::{Conn, Db},
    record::Rules,
    staff::{self, Post, Site, queries::Filter},
    web::{Error, Result, download, html},
};

const ROWS: usize = 50;
/// People in one export at most.
const EXPORTED: i64 = 200_000;

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub q: String,
    /// A site's code; what stands below it counts.
    #[serde(default)]
    pub site: String,
    #[serde(default)]
    pub position: String,
    #[serde(default)]
    pub left: String,
    pub page: Option<usize>,
}

impl Asked {
    fn filter(&self, sites: &[Site]) -> Filter {
        let given = |word: &str| Some(word.trim().to_owned()).filter(|word| !word.is_empty());
        let site = sites.iter().find(|site| site.code == self.site);
        Filter {
            search: given(&self.q),
            position: given(&self.position),
            site: site.map(|site| site.lineage.clone()),
            with_left: !self.left.is_empty(),
        }
    }

    pub fn pairs(&self) -> [(&str, &str); 4] {
        [("q", &self.q), ("site", &self.site), ("position", &self.position), ("left", &self.left)]
    }
}

fn found(
    conn: &mut Conn,
    acting: &Acting<OverPeople>,
    asked: &Asked,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Post>, Vec<Site>)> {
    let sites = staff::queries::sites(conn, acting.reach())?;
    let filter = asked.filter(&sites);
    let posts = staff::queries::posts(conn, acting.reach(), &filter, acting.today, limit, offset)?;
    Ok((posts, sites))
}

pub async fn people(
    db: web::Data<Db>,
    rules: Rules,
    acting: Acting<OverPeople>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let asked = asked.into_inner();
    let page = asked.page.unwrap_or(1).clamp(1, 10_000);
    let (viewer, wanted) = (acting.clone(), asked.clone());
    let offset = ((page - 1) * ROWS) as i64;
    let (mut posts, sites) =
        db.read(move |conn| found(conn, &viewer, &wanted, ROWS as i64 + 1, offset)).await?;
    let has_more = posts.len() > ROWS;
    posts.truncate(ROWS);
    Ok(html(pages::people(&acting, &rules, &posts, &sites, &asked, page, has_more)))
}

pub async fn people_csv(
    db: web::Data<Db>,
    acting: Acting<OverPeople>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let (viewer, asked) = (acting.clone(), asked.into_inner());
    let (posts, _) = db.read(move |conn| found(conn, &viewer, &asked, EXPORTED, 0)).await?;
    let mut file = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let broken = |error: csv::Error| Error::Internal(error.to_string());
    let headers =
        ["staff_no", "name", "name_en", "email", "phone", "site", "position", "from", "left_on"];
    file.write_record(headers).map_err(broken)?;
    for Post { person, assignment, site } in &posts {
        let or_empty = |word: &Option<String>| word.clone().unwrap_or_default();
        let cells = [
            person.staff_no.clone(),
            person.name.clone(),
            or_empty(&person.name_en),
            or_empty(&person.email),
            or_empty(&person.phone),
            site.code.clone(),
            assignment.position.clone(),
            assignment.starts_on.to_string(),
            assignment.ends_on.map(|day| day.to_string()).unwrap_or_default(),
        ];
        file.write_record(cells.map(harmless)).map_err(broken)?;
    }
    let bytes = file.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    Ok(download("people.csv", "text/csv; charset=utf-8", bytes))
}

/// A spreadsheet must not take a name for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

pub async fn sites(db: web::Data<Db>, acting: Acting<OverPeople>) -> Result<HttpResponse> {
    let viewer = acting.clone();
    let (sites, counts, managers) = db
        .read(move |conn| -> Result<_> {
            let reach = viewer.reach();
            let sites = staff::queries::sites(conn, reach)?;
            let counts = staff::queries::head_counts(conn, viewer.today)?;
            let grants = access::queries::grants_below(conn, &reach.lineages, viewer.today, 5000)?;
            let managers = grants.into_iter().filter(|(grant, ..)| grant.role == Role::Manager);
            let managers: Vec<_> = managers.map(|(_, person, site)| (site.id, person)).collect();
            Ok((sites, counts, managers))
        })
        .await?;
    Ok(html(pages::sites(&acting, &sites, &counts, &managers)))
}
