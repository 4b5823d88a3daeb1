// @ts-check
/** CustomProperties: read at once, written in memory, kept only by saveAsync. At most 2,500 characters in all. */

const CUSTOM_PROPERTIES_LIMIT = 2500;

/** @satisfies {Partial<Office.CustomProperties>} */
class CustomProperties {
  /** @param {Record<string, unknown>} values @param {string} savedBy the host's method that keeps them */
  constructor(values, savedBy) {
    this._values = { ...values };
    this._savedBy = savedBy;
  }

  /** @param {string} name */
  get(name) {
    return this._values[name];
  }

  getAll() {
    return { ...this._values };
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this._values[name] = value;
  }

  /** @param {string} name */
  remove(name) {
    delete this._values[name];
  }

  /** @param {...any} rest callback?, asyncContext? */
  saveAsync(...rest) {
    call(this._savedBy, [{ ...this._values }, CUSTOM_PROPERTIES_LIMIT], rest);
  }
}
