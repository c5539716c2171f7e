"""The sealed package: the one thing an agency node hands over and a hub takes.

A package is an uncompressed tar file::

    manifest.json                             what it holds (``anonymize.manifest``)
    manifest.sig                              Ed25519 signature over the manifest's bytes
    tables/<table>/<partition>.parquet        de-identified rows
    withheld/<table>/<partition>.parquet      tokens of quarantined rows' keys
    linkage/<table>/<partition>.parquet       encodings of persons (``anonymize.encoding.columns``),
                                              one file for each epoch of the linkage keys

The hub verifies everything before it reads anything: the signature of a node it trusts, every
member's hash, that there are no others, that the node's leak gate found nothing, and that each file
has exactly the columns its contract lets out. The same manifest and files give the same bytes.
"""

from __future__ import annotations

from anonymize.package.layout import contract_in
from anonymize.package.opening import Package, open_package
from anonymize.package.sealing import seal
from anonymize.package.signing import public_key, signing_key

__all__ = ["Package", "contract_in", "open_package", "public_key", "seal", "signing_key"]
