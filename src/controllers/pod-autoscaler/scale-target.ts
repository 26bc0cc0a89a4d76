/** The Scale of the object that an autoscaler scales: of any Kind that has one. Source: client-go scale/client.go. */
import type { CrossVersionObjectReference } from '../../api/generated/autoscaling/v2.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { ObjectRef } from '../../api/object.ts';
import { isConflict, statusErrors } from '../../api/status-error.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import type { ControllerContext } from '../controller.ts';
import { kindOf } from '../kind-catalog.ts';

/** As client-go's retry.DefaultRetry. Its 10 ms in between serve nothing here: the next read sees the last write. */
const attempts = 5;

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined => (isObject(value) ? value[name] : undefined);
const numberOf = (value: JsonValue | undefined): number => (typeof value === 'number' ? value : 0);

/** The Kind that a reference names, in any version. Throws as apimachinery's mapper (pkg/api/meta/errors.go). */
function scaledKind(kinds: KindCatalog, { apiVersion = '', kind }: CrossVersionObjectReference): AnyKind {
  if (apiVersion.split('/').length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
  const found = kindOf(kinds, apiVersion, kind);
  if (found !== undefined) return found;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  throw new Error(`no matches for kind ${JSON.stringify(kind)} in group ${JSON.stringify(group)}`);
}

export class ScaleTarget {
  readonly #context: ControllerContext;
  readonly #kind: AnyKind;
  readonly #ref: ObjectRef;
  #scale: JsonObject;

  private constructor(context: ControllerContext, kind: AnyKind, ref: ObjectRef, scale: JsonObject) {
    this.#context = context;
    this.#kind = kind;
    this.#ref = ref;
    this.#scale = scale;
  }

  /** Reads the Scale. Rejects with an Error that has upstream's text. */
  static async read(
    context: ControllerContext,
    kinds: KindCatalog,
    namespace: string,
    reference: CrossVersionObjectReference,
  ): Promise<ScaleTarget> {
    const kind = scaledKind(kinds, reference);
    if (kind.subresources.scale === undefined) throw statusErrors.noSuchResource();
    const ref = { namespace: kind.scope === 'Cluster' ? '' : namespace, name: reference.name };
    return new ScaleTarget(context, kind, ref, await context.api(kind).subresource('get', ref, 'scale'));
  }

  /** The replicas that are wanted. */
  get replicas(): number {
    return numberOf(memberOf(this.#scale.spec, 'replicas'));
  }

  /** The replicas that are there. */
  get statusReplicas(): number {
    return numberOf(memberOf(this.#scale.status, 'replicas'));
  }

  /** A label selector in string form; '' when there is none. */
  get selector(): string {
    const selector = memberOf(this.#scale.status, 'selector');
    return typeof selector === 'string' ? selector : '';
  }

  /** Asks for a number of replicas; again with a newer Scale when somebody else has changed the object. */
  async scaleTo(replicas: number): Promise<void> {
    const api = this.#context.api(this.#kind);
    for (let attempt = 1; ; attempt++) {
      try {
        await api.subresource('update', this.#ref, 'scale', { ...this.#scale, spec: { replicas } });
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === attempts) throw error;
        this.#scale = await api.subresource('get', this.#ref, 'scale');
      }
    }
  }
}
