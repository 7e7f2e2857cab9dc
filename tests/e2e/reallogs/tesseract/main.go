// Static-ct-api test log: the TesseraCT library on Tessera's POSIX storage; serves submission and monitoring.
package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	tposix "github.com/transparency-dev/tessera/storage/posix"
	antispam "github.com/transparency-dev/tessera/storage/posix/antispam"
	"github.com/transparency-dev/tesseract"
	"github.com/transparency-dev/tesseract/storage"
	"github.com/transparency-dev/tesseract/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func check(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func stamp(s string) *time.Time {
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	check(s, err)
	return &t
}

func main() {
	listen := flag.String("listen", "127.0.0.1:6963", "HTTP address")
	prefix := flag.String("prefix", "tesseract", "/PREFIX/ct/v1/add-chain and /PREFIX/{checkpoint,tile,issuer}")
	origin := flag.String("origin", "127.0.0.1/tesseract", "host and path of the submission URL; TesseraCT takes no port here")
	dir := flag.String("dir", "data", "storage directory")
	roots := flag.String("roots", "roots.pem", "accepted roots")
	keyFile := flag.String("key", "key.pem", "EC private key, PEM (SEC 1)")
	interval := flag.Duration("checkpoint_interval", time.Second, "time between checkpoints of a growing log")
	republish := flag.Duration("republish_interval", 30*time.Second, "the same for a log that does not grow")
	collect := flag.Duration("garbage_collection_interval", time.Minute, "time between removals of partial tiles whose full ones are there")
	start := flag.String("not_after_start", "", "RFC 3339")
	limit := flag.String("not_after_limit", "", "RFC 3339")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.SetOutput(os.Stderr) // SetDefault had sent log's output to slog, below its level
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	raw, err := os.ReadFile(*keyFile)
	check("key", err)
	block, _ := pem.Decode(raw)
	if block == nil {
		log.Fatalf("%s: not PEM", *keyFile)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	check("key", err)

	var shutdown func(context.Context) error
	newStorage := func(ctx context.Context, signer note.Signer) (*storage.CTStorage, error) {
		driver, err := tposix.New(ctx, tposix.Config{Path: *dir})
		check("driver", err)
		as, err := antispam.NewAntispam(ctx, filepath.Join(*dir, ".state", "antispam"), antispam.AntispamOpts{})
		check("antispam", err)
		app, stop, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
			WithCheckpointSigner(signer).WithCTLayout().WithAntispam(1<<16, as).
			WithCheckpointInterval(*interval).WithCheckpointRepublishInterval(*republish).
			WithGarbageCollectionInterval(*collect))
		check("appender", err)
		shutdown = stop
		issuers, err := posix.NewIssuerStorage(ctx, *dir)
		check("issuers", err)
		return storage.NewCTStorage(ctx, &storage.CTStorageOptions{Appender: app, Reader: reader,
			IssuerStorage: issuers, EnablePubAwaiter: true})
	}
	h, err := tesseract.NewLogHandler(context.Background(), *origin, key, tesseract.ChainValidationConfig{
		RootsPEMFile: *roots, NotAfterStart: stamp(*start), NotAfterLimit: stamp(*limit)},
		newStorage, 10*time.Second, false, "/"+*prefix,
		tesseract.LogHandlerOpts{DedupRL: 100, MaxCertChainBytes: 512 << 10})
	check("log", err)

	base := "/" + *prefix + "/"
	files := http.StripPrefix(base, http.FileServer(http.Dir(*dir)))
	mux := http.NewServeMux()
	mux.Handle(base+"ct/v1/", h)
	mux.HandleFunc(base, func(w http.ResponseWriter, r *http.Request) {
		switch p := strings.TrimPrefix(r.URL.Path, base); {
		case p == "checkpoint":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
		case strings.HasPrefix(p, "issuer/"):
			w.Header().Set("Content-Type", "application/pkix-cert")
		case strings.HasPrefix(p, "tile/"):
			w.Header().Set("Content-Type", "application/octet-stream")
		default:
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	})
	web := &http.Server{Addr: *listen, Handler: mux}
	go func() { <-ctx.Done(); web.Close() }()
	log.Printf("serving http://%s%s, origin %s", *listen, base, *origin)
	if err := web.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	c, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	check("shutdown", shutdown(c))
}
