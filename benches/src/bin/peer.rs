//! The floor that a whole check is measured against: reads the documents of a folder one by one and only parses them,
//! JSON into `serde_json::Value`, XML with `roxmltree`. `benches/whole.sh` times it beside `touchmark check`.

fn main() {
    let files = touchmark_benches::documents(std::env::args_os().skip(1));
    let (mut bytes, mut refused) = (0_usize, 0_usize);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            refused += 1;
            continue;
        };
        bytes += text.len();
        refused += usize::from(!touchmark_benches::only_parse(&text));
    }
    println!("{} documents, {bytes} bytes, {refused} refused", files.len());
}
