"""Check that an archive is whole, and repair what is not: verify, repair, rebuild.

Four nouns run through these modules:

- **row facts**: what a row of the catalog states, such as where a version is stored;
- **recorded facts**: what the journal states, which is the `metadata` records in the WARC files;
- **file facts**: what the files show by themselves, such as the hash of a post;
- **problem**: a difference between these, as `finews verify` reports it.

`journal_digests` reduces row facts and recorded facts to hashes that can be compared. `file_scan`
reads file facts and recorded facts. `comparison` collects all three and finds what differs.
`verify` turns the differences into problems, `repair` corrects them, and `rebuild` generates the
catalog from the files, for which `catalog_from_journal` repeats what the journal records.
"""
