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
        let parsed = if file.extension().is_some_and(|e| e == "json") {
            serde_json::from_str::<serde_json::Value>(&text).is_ok()
        } else {
            roxmltree::Document::parse(&text).is_ok()
        };
        refused += usize::from(!parsed);
    }
    println!("{} documents, {bytes} bytes, {refused} refused", files.len());
}
