package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The tree of a run, as the peer has it: leaf i is the text "leaf i".
type tree struct {
	size   int64
	stored []tlog.Hash // by tlog.StoredHashIndex
}

var grown tree

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(t.stored)) {
			return nil, fmt.Errorf("hash %d is not stored", index)
		}
		hashes[i] = t.stored[index]
	}
	return hashes, nil
}

func leaf(i int64) []byte { return fmt.Appendf(nil, "leaf %d", i) }

func (t *tree) grow(size int64) {
	for ; t.size < size; t.size++ {
		hashes, err := tlog.StoredHashes(t.size, leaf(t.size), t)
		must(err == nil, "Go's tree grows: %v", err)
		t.stored = append(t.stored, hashes...)
	}
}

func (t *tree) root(size int64) tlog.Hash {
	root, err := tlog.TreeHash(size, t)
	must(err == nil, "Go's tree has a root: %v", err)
	return root
}

type proofAnswer struct {
	Proof      []tlog.Hash
	Root       tlog.Hash
	TilesAgree bool
}

type okAnswer struct{ OK bool }

func equal(a, b []tlog.Hash) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// forge changes one thing of a proof, or nothing.
func forge(random *rand.Rand, proof []tlog.Hash) []tlog.Hash {
	forged := append([]tlog.Hash{}, proof...)
	at := random.Intn(len(forged) + 1)
	switch kind := random.Intn(5); {
	case kind == 0:
		return append(forged[:at], append([]tlog.Hash{tlog.RecordHash(leaf(int64(at)))}, forged[at:]...)...)
	case at == len(forged):
	case kind == 1:
		return append(forged[:at], forged[at+1:]...)
	case kind == 2:
		forged[at][random.Intn(tlog.HashSize)] ^= 1 << random.Intn(8)
	case kind == 3:
		other := random.Intn(len(forged))
		forged[at], forged[other] = forged[other], forged[at]
	}
	return forged
}

// around is one of n-1, n, n+1.
func around(random *rand.Rand, n int64) int64 { return n + int64(random.Intn(3)) - 1 }

func compareInclusion(p *peer, random *rand.Rand, index, size int64) {
	var answer proofAnswer
	p.ask(&answer, "prove", "index", index, "size", size)
	root := grown.root(size)
	must(answer.Root == root && answer.TilesAgree, "the tree of %d leaves has one root", size)
	proof, err := tlog.ProveRecord(size, index, &grown)
	must(err == nil && equal(proof, answer.Proof), "leaf %d of %d has one proof: %v", index, size, err)
	hash := tlog.RecordHash(leaf(index))
	must(tlog.CheckRecord(answer.Proof, size, root, index, hash) == nil, "Go accepts the proof of leaf %d of %d", index, size)
	var ok okAnswer
	p.ask(&ok, "verifyInclusion", "leaf", hash, "index", index, "size", size, "root", root, "proof", proof)
	must(ok.OK, "the peer accepts the proof of leaf %d of %d", index, size)

	forged := forge(random, proof)
	otherIndex, otherSize := index, size
	if random.Intn(2) == 0 {
		otherIndex, otherSize = max(around(random, index), 0), max(around(random, size), 0)
	}
	accepted := tlog.CheckRecord(forged, otherSize, root, otherIndex, hash) == nil
	p.ask(&ok, "verifyInclusion", "leaf", hash, "index", otherIndex, "size", otherSize, "root", root, "proof", forged)
	must(ok.OK == accepted, "both accept a proof of leaf %d of %d as one of leaf %d of %d, or neither", index, size, otherIndex, otherSize)
}

func compareConsistency(p *peer, random *rand.Rand, old, size int64) {
	var answer proofAnswer
	p.ask(&answer, "prove", "old", old, "size", size)
	root, oldRoot := grown.root(size), grown.root(old)
	proof, err := tlog.ProveTree(size, old, &grown)
	must(err == nil && equal(proof, answer.Proof), "%d leaves continue %d with one proof: %v", size, old, err)
	must(tlog.CheckTree(answer.Proof, size, root, old, oldRoot) == nil, "Go accepts that %d leaves continue %d", size, old)
	var ok okAnswer
	p.ask(&ok, "verifyConsistency", "old", old, "oldRoot", oldRoot, "size", size, "root", root, "proof", proof)
	must(ok.OK, "the peer accepts that %d leaves continue %d", size, old)

	forged := forge(random, proof)
	otherOld, otherSize := old, size
	if random.Intn(2) == 0 {
		otherOld, otherSize = max(around(random, old), 1), max(around(random, size), 1)
	}
	if random.Intn(4) == 0 { // one of the two trees has the root of the other
		if random.Intn(2) == 0 {
			root = oldRoot
		} else {
			oldRoot = root
		}
	}
	accepted := tlog.CheckTree(forged, otherSize, root, otherOld, oldRoot) == nil
	p.ask(&ok, "verifyConsistency", "old", otherOld, "oldRoot", oldRoot, "size", otherSize, "root", root, "proof", forged)
	must(ok.OK == accepted, "both accept a proof of %d to %d as one of %d to %d, or neither", old, size, otherOld, otherSize)
}

// compareTrees compares roots and proofs, and what each side says of the other's proofs and of forged ones.
func compareTrees(p *peer, random *rand.Rand) {
	sizes := []int64{}
	for size := int64(0); size <= 600; size++ {
		sizes = append(sizes, size)
	}
	for _, size := range append(sizes, 1000+random.Int63n(3000), 65535, 65536, 65537, 70000, 131072+random.Int63n(50000)) {
		grown.grow(size)
		var answer proofAnswer
		p.ask(&answer, "grow", "size", size)
		must(answer.Root == grown.root(size), "the frontier after %d leaves has Go's root", size)
		if size == 0 {
			continue
		}
		compareInclusion(p, random, 0, size)
		compareInclusion(p, random, size-1, size)
		compareConsistency(p, random, size, size)
		proofs := 2
		if size > 600 {
			proofs = 30
		}
		for range proofs {
			compareInclusion(p, random, random.Int63n(size), size)
			compareConsistency(p, random, 1+random.Int63n(size), size)
		}
	}
}

// entries is a bundle of c2sp.org/tlog-tiles.
func entries(begin, end int64) []byte {
	var bundle []byte
	for i := begin; i < end; i++ {
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf(i))))
		bundle = append(bundle, leaf(i)...)
	}
	return bundle
}

// c2spPath is the path of c2sp.org/tlog-tiles, which fixes the height and calls the data entries.
func c2spPath(tile tlog.Tile) string {
	return strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), "tile/data/", "tile/entries/", 1)
}

// compareTiles compares which tiles a log writes as it grows, and what is in them.
func compareTiles(p *peer, random *rand.Rand) {
	for old := int64(0); old < grown.size; {
		size := min(old+1+random.Int63n(1+old), grown.size)
		want := map[string]string{}
		for _, tile := range tlog.NewTiles(8, old, size) {
			hashes, err := tlog.ReadTileData(tile, &grown)
			must(err == nil, "Go's tile has hashes: %v", err)
			want[c2spPath(tile)] = base64.StdEncoding.EncodeToString(hashes)
			if tile.L == 0 {
				tile.L = -1
				want[c2spPath(tile)] = base64.StdEncoding.EncodeToString(entries(256*tile.N, 256*tile.N+int64(tile.W)))
			}
		}
		var answer struct {
			Tiles []struct{ Path, Bytes string }
		}
		p.ask(&answer, "tiles", "old", old, "size", size)
		must(len(answer.Tiles) == len(want), "growth from %d to %d writes %d tiles, not %d", old, size, len(want), len(answer.Tiles))
		for _, tile := range answer.Tiles {
			must(want[tile.Path] == tile.Bytes, "%s of a log of %d leaves is the same", tile.Path, size)
		}
		old = size
	}
}

// comparePaths compares which texts are paths of tiles.
func comparePaths(p *peer, random *rand.Rand) {
	const alphabet = "0019x/.p"
	for range 2000 {
		tile := tlog.Tile{H: 8, L: random.Intn(64), N: random.Int63n(1 << random.Intn(55)), W: 1 + random.Intn(256)}
		path := []byte(strings.TrimPrefix(tile.Path(), "tile/8/"))
		for range random.Intn(3) {
			path[random.Intn(len(path))] = alphabet[random.Intn(len(alphabet))]
		}
		parsed, err := tlog.ParseTilePath("tile/8/" + string(path))
		accepted := err == nil && parsed.L < 64 && parsed.N < 1<<55
		var ok okAnswer
		p.ask(&ok, "tilePath", "path", "tile/"+string(path))
		must(ok.OK == accepted, "tile/%s is a path for both or for neither", path)
	}
}
