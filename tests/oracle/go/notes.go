package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

type key struct {
	private, public string
	signer          note.Signer
	verifier        note.Verifier
}

// randomKey is the same for the same seed of a run, which Go's own keys are not.
func randomKey(random *rand.Rand) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	random.Read(seed)
	return ed25519.NewKeyFromSeed(seed)
}

func newKey(random *rand.Rand, name string) key {
	made := randomKey(random)
	public, err := note.NewEd25519VerifierKey(name, made.Public().(ed25519.PublicKey))
	must(err == nil, "Go writes a public key: %v", err)
	id := strings.Split(public, "+")[1]
	private := fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, id, base64.StdEncoding.EncodeToString(append([]byte{1}, made.Seed()...)))
	signer, err := note.NewSigner(private)
	must(err == nil, "Go reads its private key: %v", err)
	verifier, err := note.NewVerifier(public)
	must(err == nil, "Go reads its public key: %v", err)
	return key{private, public, signer, verifier}
}

// randomText is text that a note may have.
func randomText(random *rand.Rand) string {
	pieces := []string{"a", "log/1", "\n", "\n\n", "— a AAAAAAA=\n", "é", "\u2028", " ", "漢字", "\x7f", "+"}
	var text strings.Builder
	for range random.Intn(30) {
		text.WriteString(pieces[random.Intn(len(pieces))])
	}
	return text.String() + "\n"
}

type noteAnswer struct {
	OK       bool
	Why      string
	Text     string
	By       []string
	Times    []int64
	Note     string
	Verifier string
}

// open is what Go says of a note: its text and who signed it.
func open(text []byte, known []key) (string, []string, error) {
	verifiers := make([]note.Verifier, len(known))
	for i, k := range known {
		verifiers[i] = k.verifier
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return "", nil, err
	}
	var by []string
	for _, signature := range opened.Sigs {
		for _, k := range known {
			if k.verifier.Name() == signature.Name && k.verifier.KeyHash() == signature.Hash {
				by = append(by, k.public)
			}
		}
	}
	return opened.Text, by, nil
}

func (p *peer) verify(text []byte, known []key) noteAnswer {
	verifiers := make([]string, len(known))
	for i, k := range known {
		verifiers[i] = k.public
	}
	var answer noteAnswer
	p.ask(&answer, "verify", "note", base64.StdEncoding.EncodeToString(text), "verifiers", verifiers)
	return answer
}

func someKeys(random *rand.Rand) []key {
	names := []string{"curfew.dev/log/1", "curfew.dev/log/1", "é.example", "x"}
	keys := make([]key, 1+random.Intn(4))
	for i := range keys {
		keys[i] = newKey(random, names[i])
	}
	return keys
}

// compareNotes lets each side sign what the other verifies.
func compareNotes(p *peer, random *rand.Rand) {
	for range 300 {
		text := randomText(random)
		keys := someKeys(random)
		var privates []string
		var signers []note.Signer
		for _, k := range keys {
			privates = append(privates, k.private)
			signers = append(signers, k.signer)
		}
		var answer noteAnswer
		p.ask(&answer, "verifier", "keys", privates[:1])
		must(answer.Verifier == keys[0].public, "a private key has one public key")
		signed, err := note.Sign(&note.Note{Text: text}, signers...)
		must(err == nil, "Go signs a note: %v", err)
		p.ask(&answer, "sign", "text", text, "keys", privates)
		must(answer.Note == string(signed), "a note of %q is signed in one way", text)

		known := keys[:1+random.Intn(len(keys))]
		goText, by, err := open([]byte(answer.Note), known)
		must(err == nil && goText == text, "Go opens a note of the peer: %v", err)
		answer = p.verify(signed, known)
		must(answer.OK && answer.Text == text && slices.Equal(answer.By, by), "the peer verifies a note of Go: %s", answer.Why)
	}
}

var signatureLine = regexp.MustCompile(`(?m)^— (\S+) (\S+)$`)

// isStricter says whether the peer may refuse a note that Go accepts: base64 with stray bits, or a second and wrong signature by a known key, at which Go does not look.
func isStricter(signed []byte, why string) bool {
	seen := map[string]bool{}
	for _, line := range signatureLine.FindAllSubmatch(signed, -1) {
		signature, err := base64.StdEncoding.Strict().DecodeString(string(line[2]))
		if err != nil {
			return true
		}
		key := fmt.Sprintf("%s %x", line[1], signature[:4])
		if seen[key] && strings.HasSuffix(why, "is wrong") {
			return true
		}
		seen[key] = true
	}
	return false
}

func mutate(random *rand.Rand, signed []byte) []byte {
	mutated := slices.Clone(signed)
	pieces := []string{"\n", "\n\n", " ", "— ", "=", "A", "+", "\x00", "\xff", "\t", "\u00a0", "a"}
	for range 1 + random.Intn(2) {
		at := random.Intn(len(mutated))
		switch random.Intn(5) {
		case 0:
			mutated[at] ^= 1 << random.Intn(8)
		case 1:
			mutated = slices.Delete(mutated, at, at+1)
		case 2:
			mutated = slices.Insert(mutated, at, []byte(pieces[random.Intn(len(pieces))])...)
		case 3:
			mutated = mutated[:at+1]
		case 4: // repeats, moves or drops a line
			lines := bytes.SplitAfter(mutated, []byte("\n"))
			from, to := random.Intn(len(lines)), random.Intn(len(lines))
			line := lines[from]
			if random.Intn(2) == 0 {
				lines = slices.Delete(lines, from, from+1)
				to = min(to, len(lines))
			}
			if random.Intn(3) != 0 {
				lines = slices.Insert(lines, to, line)
			}
			mutated = bytes.Join(lines, nil)
		}
		if len(mutated) == 0 {
			return mutated
		}
	}
	return mutated
}

// compareMutatedNotes compares what both sides say of notes that were changed.
func compareMutatedNotes(p *peer, random *rand.Rand) {
	accepted := 0
	for range 4000 {
		keys := someKeys(random)
		var signers []note.Signer
		for _, k := range keys {
			signers = append(signers, k.signer)
		}
		signed, err := note.Sign(&note.Note{Text: randomText(random)}, signers...)
		must(err == nil, "Go signs a note: %v", err)
		mutated := mutate(random, signed)
		known := keys[:1+random.Intn(len(keys))]
		text, by, err := open(mutated, known)
		answer := p.verify(mutated, known)
		if answer.OK {
			accepted++
			must(err == nil && answer.Text == text && slices.Equal(answer.By, by), "Go accepts %q like the peer: %v", mutated, err)
		} else if err == nil {
			must(isStricter(mutated, answer.Why), "the peer accepts %q like Go: %s", mutated, answer.Why)
		}
	}
	must(accepted > 100, "some of the changed notes are right, %d", accepted)
}

// compareCosignatures reads and makes cosignatures in the words of c2sp.org/tlog-cosignature.
func compareCosignatures(p *peer, random *rand.Rand) {
	for range 100 {
		private := randomKey(random)
		public := private.Public().(ed25519.PublicKey)
		name, text := "witness.example/w1", "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
		id := sha256.Sum256(append([]byte(name+"\n\x04"), public...))
		vkey := fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(append([]byte{4}, public...)))
		at := random.Int63() >> random.Intn(63)
		message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
		signature := binary.BigEndian.AppendUint64(slices.Clone(id[:4]), uint64(at))
		signature = append(signature, ed25519.Sign(private, message)...)
		signed := fmt.Sprintf("%s\n— %s %s\n", text, name, base64.StdEncoding.EncodeToString(signature))
		var answer noteAnswer
		p.ask(&answer, "cosign", "seed", base64.StdEncoding.EncodeToString(private.Seed()), "name", name, "text", text, "time", at)
		must(answer.Note == signed && answer.Verifier == vkey, "a checkpoint is cosigned in one way")
		p.ask(&answer, "verify", "note", base64.StdEncoding.EncodeToString([]byte(signed)), "verifiers", []string{vkey})
		must(answer.OK && slices.Equal(answer.Times, []int64{at}), "a cosignature is verified, with its time: %s", answer.Why)

		k := newKey(random, "curfew.dev/log/1")
		size := random.Int63n(grown.size)
		p.ask(&answer, "signCheckpoint", "origin", "curfew.dev/log/1", "size", size, "root", grown.root(size), "keys", []string{k.private})
		body, _, err := open([]byte(answer.Note), []key{k})
		must(err == nil && body == fmt.Sprintf("curfew.dev/log/1\n%d\n%s\n", size, grown.root(size)), "Go opens a checkpoint: %v", err)
	}
}

// compareNumbers compares numbers with those of encoding/json, which are ECMAScript's but for -0.
func compareNumbers(p *peer, random *rand.Rand) {
	for range 20000 {
		number := math.Float64frombits(random.Uint64())
		switch random.Intn(4) {
		case 0: // where the form changes
			number = math.Copysign(math.Pow(10, float64(random.Intn(60)-30))*random.Float64(), number)
		case 1:
			number = float64(random.Intn(2000000)) / 1000
		}
		want, err := json.Marshal(number)
		var unsupported *json.UnsupportedValueError
		if errors.As(err, &unsupported) || number == 0 {
			continue
		}
		var answer noteAnswer
		p.ask(&answer, "number", "bits", math.Float64bits(number))
		must(answer.Text == string(want), "%s is written the same, not as %s", want, answer.Text)
	}
}
