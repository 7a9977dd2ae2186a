//! The tree of sites.

use crate::{
    db::Error,
    demo::Making,
    staff::{
        SiteId, SiteKind,
        transfers::{self, NewSite},
    },
};

pub const ROOT: &str = "EVG";

/// A region with its sites.
pub struct Region {
    pub id: SiteId,
    pub sites: Vec<SiteId>,
}

/// The whole tree.
pub struct Group {
    pub root: SiteId,
    pub regions: Vec<Region>,
}

type Named = (&'static str, &'static str, &'static str);

const REGIONS: [(Named, [Named; 4]); 3] = [
    (
        ("EVG-E", "华东区", "East region"),
        [
            ("SH01", "上海浦东店", "Shanghai Pudong"),
            ("SH02", "上海闵行店", "Shanghai Minhang"),
            ("HZ01", "杭州西湖店", "Hangzhou Xihu"),
            ("NJ01", "南京江宁店", "Nanjing Jiangning"),
        ],
    ),
    (
        ("EVG-N", "华北区", "North region"),
        [
            ("BJ01", "北京朝阳店", "Beijing Chaoyang"),
            ("TJ01", "天津河西店", "Tianjin Hexi"),
            ("QD01", "青岛崂山店", "Qingdao Laoshan"),
            ("JN01", "济南历下店", "Jinan Lixia"),
        ],
    ),
    (
        ("EVG-S", "华南区", "South region"),
        [
            ("GZ01", "广州天河店", "Guangzhou Tianhe"),
            ("SZ01", "深圳南山店", "Shenzhen Nanshan"),
            ("FS01", "佛山南海店", "Foshan Nanhai"),
            ("XM01", "厦门思明店", "Xiamen Siming"),
        ],
    ),
];

pub fn make(making: &mut Making<'_>) -> Result<Group, Error> {
    let root = add(making, (ROOT, "长青汽车集团", "Evergreen Motor Group"), SiteKind::Group, None)?;
    let mut regions = Vec::new();
    for (region, sites) in REGIONS {
        let id = add(making, region, SiteKind::Region, Some(root))?;
        let sites = sites
            .into_iter()
            .map(|site| add(making, site, SiteKind::Site, Some(id)))
            .collect::<Result<_, _>>()?;
        regions.push(Region { id, sites });
    }
    Ok(Group { root, regions })
}

fn add(
    making: &mut Making<'_>,
    (code, name, name_en): Named,
    kind: SiteKind,
    parent: Option<SiteId>,
) -> Result<SiteId, Error> {
    let stamp = making.stamp(making.today - chrono::Duration::days(7000));
    let new =
        NewSite { code, name, name_en: Some(name_en), kind, time_zone: "Asia/Shanghai", parent };
    transfers::add_site(making.conn, &new, stamp)
}
