// Holds exchanges against the OpenAPI document that the box itself serves: the path, the status, the content type, the
// response's schema, and the request's schema where the box accepted it.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export class Contract {
  static async load(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`no OpenAPI document at ${url}: ${response.status}`);
    return new Contract(await response.json());
  }

  constructor(document) {
    this.document = document;
    this.violations = [];
    this.exchanges = 0;
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
    addFormats(this.ajv);
    this.ajv.addFormat('binary', true);
    this.ajv.addSchema({ $id: 'document', ...document });
    this.paths = Object.keys(document.paths).map((template) => ({
      template,
      pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    }));
  }

  operation(method, path) {
    const found = this.paths.find(({ pattern }) => pattern.test(path));
    return found && { template: found.template, operation: this.document.paths[found.template][method.toLowerCase()] };
  }

  resolve(object) {
    while (object?.$ref) object = object.$ref.slice(2).split('/').reduce((at, key) => at[key.replace(/~1/g, '/').replace(/~0/g, '~')], this.document);
    return object;
  }

  validate(schema, value, where) {
    // References inside the document are relative to it.
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'));
    const check = this.ajv.compile(absolute);
    if (!check(value)) this.violations.push(`${where}: ${this.ajv.errorsText(check.errors)} in ${JSON.stringify(value)?.slice(0, 300)}`);
  }

  async fetch(input, init) {
    const request = new Request(input, { ...init, ...(init?.body && typeof init.body === 'object' ? { duplex: 'half' } : {}) });
    const sent = request.headers.get('content-type')?.startsWith('application/json') ? await request.clone().text() : null;
    const response = await fetch(request);
    await this.check(request, sent, response.clone());
    return response;
  }

  async check(request, sent, response) {
    if (!request.url.startsWith('http')) return; // the SDK looks at its fetch with a data: URL
    ++this.exchanges;
    const path = new URL(request.url).pathname;
    const where = `${request.method} ${path} -> ${response.status}`;
    const { operation } = this.operation(request.method, path) ?? {};
    if (!operation) return void this.violations.push(`${where}: the document has no such operation`);
    const described = this.resolve(operation.responses[response.status]);
    if (!described) return void this.violations.push(`${where}: the document has no such status`);
    const type = (response.headers.get('content-type') ?? '').split(';')[0];
    const content = described.content?.[type];
    if (!content) return void this.violations.push(`${where}: the document has no ${type} there`);
    if (type === 'application/json') this.validate(content.schema, await response.json(), where);
    if (type === 'text/event-stream') await this.checkEvents(content, response, where);
    const accepted = this.resolve(operation.requestBody)?.content?.['application/json'];
    if (sent !== null && response.ok && accepted) this.validate(accepted.schema, JSON.parse(sent), `${where} (request)`);
  }

  async checkEvents(content, response, where) {
    const text = await response.text();
    for (const line of text.split('\n')) {
      if (line.startsWith('data: ') && line !== 'data: [DONE]') this.validate(content.itemSchema.properties.data.contentSchema, JSON.parse(line.slice(6)), `${where} (event)`);
    }
  }
}
