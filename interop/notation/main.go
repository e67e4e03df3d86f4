// Signs and verifies images with notation-go, over a registry without TLS: `notation-peer sign|verify FLAGS`.
package main

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/purpose"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/tspclient-go"
	"oras.land/oras-go/v2/registry/remote"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("expected sign or verify"))
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	reference := flags.String("ref", "", "HOST/REPOSITORY@DIGEST")
	key := flags.String("key", "", "private key, PEM")
	chain := flags.String("chain", "", "certificates, leaf first, PEM")
	mediaType := flags.String("type", "application/jose+json", "media type of the envelope")
	expiry := flags.Duration("expiry", 0, "how long the signature counts")
	tsa := flags.String("tsa", "", "URL of a timestamp authority")
	tsaRoot := flags.String("tsa-root", "", "its root, PEM")
	config := flags.String("config", "", "directory with trustpolicy.json and truststore")
	if err := flags.Parse(os.Args[2:]); err != nil {
		fail(err)
	}
	var err error
	switch os.Args[1] {
	case "sign":
		err = sign(*reference, *key, *chain, *mediaType, *expiry, *tsa, *tsaRoot)
	case "verify":
		err = verify(*reference, *config)
	default:
		err = fmt.Errorf("expected sign or verify, got %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func open(reference string) (registry.Repository, error) {
	repository, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	repository.PlainHTTP = true
	return registry.NewRepository(repository), nil
}

func sign(reference, key, chain, mediaType string, expiry time.Duration, tsa, tsaRoot string) error {
	repository, err := open(reference)
	if err != nil {
		return err
	}
	made, err := signer.NewFromFiles(key, chain)
	if err != nil {
		return err
	}
	options := notation.SignOptions{
		SignerSignOptions: notation.SignerSignOptions{
			SignatureMediaType: mediaType,
			ExpiryDuration:     expiry,
			SigningAgent:       "notation-peer",
		},
		ArtifactReference: reference,
		UserMetadata:      map[string]string{"made-by": "peer"},
	}
	if tsa != "" {
		if err := stampBy(&options.SignerSignOptions, tsa, tsaRoot); err != nil {
			return err
		}
	}
	signed, err := notation.Sign(context.Background(), made, repository, options)
	if err == nil {
		fmt.Println(signed.Digest)
	}
	return err
}

func stampBy(options *notation.SignerSignOptions, url, root string) error {
	timestamper, err := tspclient.NewHTTPTimestamper(nil, url)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	validator, err := revocation.NewWithOptions(revocation.Options{CertChainPurpose: purpose.Timestamping})
	if err != nil {
		return err
	}
	options.Timestamper = timestamper
	options.TSARootCAs = roots
	options.TSARevocationValidator = validator
	return nil
}

func verify(reference, config string) error {
	dir.UserConfigDir = config
	dir.UserCacheDir = filepath.Join(config, "cache")
	repository, err := open(reference)
	if err != nil {
		return err
	}
	made, err := verifier.NewFromConfig()
	if err != nil {
		return err
	}
	_, outcomes, err := notation.Verify(context.Background(), made, repository, notation.VerifyOptions{
		ArtifactReference:    reference,
		MaxSignatureAttempts: 20,
	})
	for _, outcome := range outcomes {
		for _, result := range outcome.VerificationResults {
			if result.Error != nil {
				fmt.Printf("%s %s: %v\n", result.Action, result.Type, result.Error)
			}
		}
	}
	return err
}
