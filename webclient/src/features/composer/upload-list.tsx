import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../../core/texts";
import { IconButton } from "../../design/components";
import { Icon } from "../../design/icons";
import { byteText } from "../../messages/text";
import type { Upload, Uploads } from "./uploads";

/** The files for the next message, and those on their way. */
export function UploadList({ uploads }: { uploads: Uploads }): JSX.Element | null {
  const list = uploads.list.value;
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label={t().composer.files} data-testid="uploads">
      {list.map((upload) => (
        <UploadItem key={upload.id} upload={upload} uploads={uploads} />
      ))}
    </ul>
  );
}

function UploadItem({ upload, uploads }: { upload: Upload; uploads: Uploads }): JSX.Element {
  const { id, file, phase, progress, failure } = upload;
  const isGoing = phase === "waiting" || phase === "uploading";
  return (
    <li class={`upload upload-${phase}`} data-testid="upload" data-phase={phase}>
      <Preview file={file} />
      <span class="upload-text">
        <bdi class="upload-name" title={file.name} data-testid="upload-name">
          {file.name}
        </bdi>
        {failure ? (
          <small class="upload-failure" role="alert" data-testid="upload-error">
            {failure}
          </small>
        ) : (
          <small>{byteText(file.size)}</small>
        )}
        {isGoing && (
          <progress class="upload-progress" value={progress} max={1} aria-label={t().composer.uploading(file.name)} data-testid="upload-progress" />
        )}
      </span>
      {phase === "failed" && (
        <IconButton icon="retry" label={t().common.tryAgain} onClick={() => uploads.retry(id)} testId="upload-retry" />
      )}
      <IconButton
        icon="close"
        label={isGoing ? t().composer.cancelUpload(file.name) : t().composer.removeFile(file.name)}
        onClick={() => uploads.remove(id)}
        testId="upload-remove"
      />
    </li>
  );
}

function Preview({ file }: { file: File }): JSX.Element {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(png|jpeg|gif|webp|avif)$/.test(file.type)) return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return <span class="upload-preview">{url ? <img src={url} alt="" /> : <Icon name="file" />}</span>;
}
