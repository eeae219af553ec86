// Compares the audit log of a peer program, tests/oracle/peer.cpp, with golang.org/x/mod/sumdb/tlog and note.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// The peer: a question and its answer are a line each.
type peer struct {
	questions io.Writer
	answers   *bufio.Reader
	asked     int
}

// ask sends {"ask": what, NAME: VALUE...} and decodes the answer into it.
func (p *peer) ask(answer any, what string, members ...any) {
	question := map[string]any{"ask": what}
	for i := 0; i < len(members); i += 2 {
		question[members[i].(string)] = members[i+1]
	}
	line, err := json.Marshal(question)
	if err == nil {
		_, err = p.questions.Write(append(line, '\n'))
	}
	if err == nil {
		line, err = p.answers.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(line, answer)
	}
	must(err == nil, "the peer answers %s: %v", what, err)
	p.asked++
}

var seed int64

// must ends the run if the condition does not hold.
func must(holds bool, rule string, arguments ...any) {
	if holds {
		return
	}
	fmt.Fprintf(os.Stderr, "oracle: does not hold (CURFEW_ORACLE_SEED=%d): %s\n", seed, fmt.Sprintf(rule, arguments...))
	os.Exit(1)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oracle PEER")
		os.Exit(2)
	}
	seed = time.Now().UnixNano()
	if text := os.Getenv("CURFEW_ORACLE_SEED"); text != "" {
		number, err := strconv.ParseInt(text, 10, 64)
		must(err == nil, "CURFEW_ORACLE_SEED is a number: %v", err)
		seed = number
	}
	random := rand.New(rand.NewSource(seed))
	command := exec.Command(os.Args[1])
	command.Stderr = os.Stderr
	questions, err := command.StdinPipe()
	must(err == nil, "a pipe to the peer: %v", err)
	answers, err := command.StdoutPipe()
	must(err == nil, "a pipe from the peer: %v", err)
	must(command.Start() == nil, "%s starts", os.Args[1])
	p := &peer{questions: questions, answers: bufio.NewReader(answers)}
	for _, part := range []struct {
		name string
		run  func(*peer, *rand.Rand)
	}{{"trees", compareTrees}, {"tiles", compareTiles}, {"tile paths", comparePaths}, {"notes", compareNotes},
		{"mutated notes", compareMutatedNotes}, {"cosignatures", compareCosignatures}, {"numbers", compareNumbers}} {
		began, before := time.Now(), p.asked
		part.run(p, random)
		fmt.Printf("oracle: %s: %d answers agree (%.1f s)\n", part.name, p.asked-before, time.Since(began).Seconds())
	}
	questions.Close()
	must(command.Wait() == nil, "the peer ends well")
}
