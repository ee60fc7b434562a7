import { useSignal } from "@preact/signals";
import { t } from "../texts.js";
import { Dialog, Field } from "../ui/parts.js";

/** A folder is there once something is in it: S3 has only keys. So the page goes there, and waits for files. */
export function NewFolder({ onName, onClose }: { onName: (name: string) => void; onClose: () => void }) {
  const name = useSignal("");
  return (
    <Dialog title={t.newFolder} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          onName(name.value.replace(/^\/+|\/+$/g, ""));
        }}
      >
        <Field label={t.name} hint={t.folderHint}>
          <input required autoFocus value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </Field>
        <div class="row end">
          <button type="button" onClick={onClose}>
            {t.cancel}
          </button>
          <button class="primary">{t.create}</button>
        </div>
      </form>
    </Dialog>
  );
}
