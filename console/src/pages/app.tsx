import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { lazy } from "../ui/lazy.js";
import { place, link } from "../lib/router.js";
import { admin, isSignedIn, s3, signOut } from "../lib/session.js";
import { totals } from "../lib/uploads.js";
import { t } from "../texts.js";
import { Icon, type IconName } from "../ui/icon.js";
import { Notice, Toasts } from "../ui/parts.js";
import { switchTheme, theme } from "../ui/theme.js";
import { Browser } from "./browser.js";
import { Buckets } from "./buckets.js";
import { SignIn } from "./sign-in.js";
import { Transfers } from "./transfers.js";

const BucketSettings = lazy(() => import("./bucket-settings.js").then((page) => page.BucketSettings));
const BucketDurability = lazy(() => import("./bucket-durability.js").then((page) => page.BucketDurability));
const ObjectPage = lazy(() => import("./object.js").then((page) => page.ObjectPage));
const OwnSpace = lazy(() => import("./own-space.js").then((page) => page.OwnSpace));
const Overview = lazy(() => import("./overview.js").then((page) => page.Overview));
const Nodes = lazy(() => import("./nodes.js").then((page) => page.Nodes));
const Jobs = lazy(() => import("./jobs.js").then((page) => page.Jobs));
const Packs = lazy(() => import("./packs.js").then((page) => page.Packs));
const Accounts = lazy(() => import("./accounts.js").then((page) => page.Accounts));

export function App() {
  return (
    <>
      {isSignedIn.value ? <Shell /> : <SignIn />}
      <Toasts />
    </>
  );
}

const USER_PAGES: readonly (readonly [string, string, IconName])[] = [
  ["buckets", t.buckets, "bucket"],
  ["transfers", t.uploads, "upload"],
  ["space", t.space, "space"],
];
const OPERATOR_PAGES: readonly (readonly [string, string, IconName])[] = [
  ["overview", t.overview, "pulse"],
  ["nodes", t.nodes, "nodes"],
  ["jobs", t.jobs, "jobs"],
  ["packs", t.packs, "pack"],
  ["accounts", t.accounts, "user"],
];

/** The first page of whoever signed in. */
const home = () => (s3.value ? "buckets" : "overview");

function Shell() {
  const open = useSignal(false);
  const [at = home()] = place.value.path;
  const item = ([path, text, icon]: readonly [string, string, IconName]) => (
    <a
      key={path}
      class="item"
      href={link([path])}
      aria-current={at === path ? "page" : undefined}
      onClick={() => (open.value = false)}
    >
      <Icon name={icon} />
      {text}
      {path === "transfers" && totals.value.open > 0 && <span class="badge">{totals.value.open}</span>}
    </a>
  );
  return (
    <div class="shell">
      <nav class={open.value ? "side open" : "side"} aria-label={t.navigation}>
        <a class="brand" href={link([home()])}>
          <img src="/console/icon.svg" alt="" width="28" height="28" />
          cess-s3
        </a>
        <button
          class="menu-button plain"
          aria-expanded={open.value}
          aria-label={t.menu}
          onClick={() => (open.value = !open.value)}
        >
          <Icon name="menu" />
        </button>
        <div class="menu">
          {s3.value && <div class="group">{t.storage}</div>}
          {s3.value && USER_PAGES.map(item)}
          {admin.value && <div class="group">{t.gateway}</div>}
          {admin.value && OPERATOR_PAGES.map(item)}
          <div class="foot">
            <div class="row">
              <button
                class="plain"
                onClick={switchTheme}
                aria-label={theme.get() === "dark" ? t.toLight : t.toDark}
                title={theme.get() === "dark" ? t.toLight : t.toDark}
              >
                <Icon name={theme.get() === "dark" ? "sun" : "moon"} />
              </button>
              <button class="plain" onClick={() => signOut()}>
                <Icon name="out" />
                {t.signOut}
              </button>
            </div>
            <div class="small muted" style={{ padding: "0 8px" }}>
              {s3.value && <div class="break">{s3.value.credentials.accessKeyId}</div>}
            </div>
          </div>
        </div>
      </nav>
      <main class="main" tabIndex={0} aria-label={t.page}>
        {pageOf(place.value.path)}
      </main>
    </div>
  );
}

function pageOf([first = home(), bucket, third]: readonly string[]): JSX.Element {
  if (s3.value && first === "buckets") {
    if (bucket === undefined) return <Buckets s3={s3.value} />;
    if (third === "settings") return <BucketSettings key={bucket} s3={s3.value} bucket={bucket} />;
    if (third === "durability") return <BucketDurability key={bucket} s3={s3.value} bucket={bucket} />;
    if (third === "object") {
      const { query } = place.value;
      const [key, version] = [query.get("key") ?? "", query.get("version") ?? undefined];
      return <ObjectPage key={`${key} ${version}`} s3={s3.value} bucket={bucket} name={key} version={version} />;
    }
    return <Browser key={bucket} s3={s3.value} bucket={bucket} />;
  }
  if (s3.value && first === "transfers") return <Transfers s3={s3.value} />;
  if (s3.value && first === "space") return <OwnSpace s3={s3.value} />;
  if (admin.value) {
    if (first === "overview") return <Overview admin={admin.value} />;
    if (first === "nodes") return <Nodes admin={admin.value} />;
    if (first === "jobs") return <Jobs admin={admin.value} />;
    if (first === "packs") return <Packs admin={admin.value} />;
    if (first === "accounts") return <Accounts admin={admin.value} />;
  }
  return (
    <div class="page">
      <Notice>
        {t.noPage} <a href={link([home()])}>{t.toBegin}</a>
      </Notice>
    </div>
  );
}
