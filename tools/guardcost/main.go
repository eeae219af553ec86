// Prints what the expressions of the shipped admission policies cost at most, by the API server's own library, and fails where one comes too near to its limit.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Of an expression's limit, and of a whole policy's. Policy authors are asked for 24 roles, which is what a policy affords.
const expressionShare, policyShare, policyAuthorsShare = 0.5, 0.5, 0.95

func load(folder string) ([]*policy, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no policies in %s: %v", folder, err)
	}
	var policies []*policy
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
		for {
			var definition v1.ValidatingAdmissionPolicy
			if err := decoder.Decode(&definition); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if definition.Kind != "ValidatingAdmissionPolicy" {
				continue
			}
			compiled, err := compile(&definition)
			if err != nil {
				return nil, err
			}
			policies = append(policies, compiled)
		}
	}
	return policies, nil
}

// Prints the dearest expression of a policy and the dearest run of all of it; false where a limit is near, or an expression fails.
func judge(p *policy) bool {
	fine := true
	var dearest outcome
	var dearestOn, totalOn string
	var total uint64
	all := scenarios(p.name)
	if len(all) == 0 {
		fmt.Printf("%s: tools/guardcost/objects.go has nothing to evaluate it on\n", p.name)
		return false
	}
	for _, s := range all {
		var sum uint64
		for _, o := range p.run(s.values) {
			sum += o.cost
			if o.err != nil {
				fmt.Printf("%s: %s %s fails on %s: %v\n", p.name, o.kind, o.label, s.name, o.err)
				fine = false
			}
			if o.cost > dearest.cost {
				dearest, dearestOn = o, s.name
			}
		}
		if sum > total {
			total, totalOn = sum, s.name
		}
	}
	ofExpression, ofPolicy := float64(dearest.cost)/celconfig.PerCallLimit, float64(total)/celconfig.RuntimeCELCostBudget
	fmt.Printf("%-26s %5.1f%% of an expression's limit: %s %s, on %s\n%-26s %5.1f%% of the policy's, on %s\n", p.name, 100*ofExpression, dearest.kind, short(dearest.label), dearestOn, "",
		100*ofPolicy, totalOn)
	most := policyShare
	if p.name == "curfew-policy-authors" {
		most = policyAuthorsShare
	}
	if ofExpression > expressionShare || ofPolicy > most {
		fmt.Printf("%s comes too near to a limit\n", p.name)
		fine = false
	}
	return fine
}

func main() {
	policies, err := load(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fine := true
	for _, p := range policies {
		fine = judge(p) && fine
	}
	if !fine {
		os.Exit(1)
	}
}
