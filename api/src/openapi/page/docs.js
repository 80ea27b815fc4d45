// Draws openapi.json: a list of routes, each with what it takes and answers, and a way to try it. Text is only ever set as
// text, so nothing in the document can become markup.
'use strict';

const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

let api;

const resolve = (value) => {
  if (!value || !value.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((at, name) => at[name], api);
};

const kind = (schema) => {
  const name = schema.$ref ? schema.$ref.split('/').pop() : '';
  const target = resolve(schema) || {};
  const choices = (target.anyOf || target.oneOf || []).map((choice) => choice.const !== undefined ? JSON.stringify(choice.const) : kind(choice));
  if (choices.length) return choices.join(' | ');
  if (target.enum) return target.enum.map((word) => JSON.stringify(word)).join(' | ');
  if (target.items) return `${kind(target.items)}[]`;
  return name || [target.type].flat().join(' | ') + (target.format ? ` (${target.format})` : '');
};

const fields = (schema) => {
  const target = resolve(schema) || {};
  const required = target.required || [];
  const rows = Object.entries(target.properties || {}).map(([name, field]) =>
    make('tr', {},
      make('td', {}, make('code', { textContent: name }), required.includes(name) ? ' *' : ''),
      make('td', {}, make('code', { textContent: kind(field) })),
      make('td', { textContent: field.description || (resolve(field) || {}).description || '' })));
  return rows.length ? make('table', {}, ...rows) : null;
};

const shown = (value) => make('pre', { textContent: typeof value === 'string' ? value : JSON.stringify(value, null, 2) });

const token = make('input', { type: 'password', placeholder: 'access token, as POST /auth/login answers it', autocomplete: 'off' });

const trial = (path, method, operation) => {
  const inputs = (operation.parameters || []).map((parameter) => {
    const input = make('input', { placeholder: `${parameter.name} (${parameter.in})${parameter.required ? ' *' : ''}`, title: parameter.description || '' });
    return { parameter, input };
  });
  const media = operation.requestBody && operation.requestBody.content['application/json'];
  const body = media ? make('textarea', { rows: 10, value: JSON.stringify(media.example, null, 2) }) : null;
  const answer = make('div', {});
  const send = async () => {
    let target = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { parameter, input } of inputs.filter((each) => each.input.value !== '')) {
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      if (parameter.in === 'query') query.set(parameter.name, input.value);
      if (parameter.in === 'header') headers[parameter.name] = input.value;
    }
    if (token.value) headers.Authorization = `Bearer ${token.value}`;
    if (body) headers['Content-Type'] = 'application/json';
    const text = query.toString();
    try {
      // Relative, so that it goes through the same prefix as this page.
      const response = await fetch(`.${target}${text ? `?${text}` : ''}`, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
      const told = await response.text();
      let value = told;
      try { value = JSON.parse(told); } catch { /* not JSON: shown as it is */ }
      const signedIn = value && value.data && value.data.accessToken;
      if (signedIn) token.value = signedIn;
      const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
      answer.replaceChildren(make('p', { textContent: `${response.status} ${response.statusText}` }), shown(value), shown(lines));
    } catch (error) {
      answer.replaceChildren(make('p', { textContent: String(error) }));
    }
  };
  const button = make('button', { textContent: 'Send', type: 'button' });
  button.addEventListener('click', send);
  return make('details', {}, make('summary', { textContent: 'Try it' }), ...inputs.map(({ input }) => input), body, button, answer);
};

const answers = (operation) => Object.entries(operation.responses).map(([status, reference]) => {
  const response = resolve(reference);
  const media = (response.content || {})['application/json'];
  const examples = media && media.examples ? Object.values(media.examples) : [];
  const example = media && (media.example || (examples.length ? resolve(examples[0]).value : undefined));
  return make('details', {},
    make('summary', {}, make('code', { textContent: status }), ` ${response.description.split('\n')[0].replaceAll('`', '')}`),
    make('pre', { textContent: response.description.replaceAll('`', '') }),
    example ? shown(example) : null);
});

const drawn = (path, method, operation) => {
  const media = operation.requestBody && operation.requestBody.content['application/json'];
  const parameters = (operation.parameters || []).map((parameter) =>
    make('tr', {},
      make('td', {}, make('code', { textContent: parameter.name }), parameter.required ? ' *' : ''),
      make('td', {}, make('code', { textContent: `${parameter.in}: ${kind(parameter.schema)}` })),
      make('td', { textContent: parameter.description || '' })));
  return make('details', { id: operation.operationId },
    make('summary', {},
      make('span', { className: 'method', textContent: method.toUpperCase() }),
      make('code', { textContent: path }), ` ${operation.summary} `,
      make('span', { className: 'soft', textContent: operation['x-permission'] || (operation.security.length ? 'signed in' : 'open') })),
    operation.description ? make('p', { textContent: operation.description }) : null,
    parameters.length ? make('table', {}, ...parameters) : null,
    media ? make('h4', { textContent: 'Body' }) : null,
    media ? fields(media.schema) : null,
    make('h4', { textContent: 'Answers' }), ...answers(operation),
    trial(path, method, operation));
};

const draw = () => {
  const contents = document.getElementById('contents');
  const routes = document.getElementById('routes');
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const parts = api.tags.map((tag) => ({ tag, of: operations.filter(({ operation }) => operation.tags[0] === tag.name) }));
  contents.replaceChildren(...parts.flatMap(({ tag, of }) => [
    make('h2', { textContent: tag.name }),
    ...of.map(({ path, method, operation }) => {
      const link = make('a', { href: `#${operation.operationId}`, textContent: `${method.toUpperCase()} ${path}` });
      link.addEventListener('click', () => { document.getElementById(operation.operationId).open = true; });
      return link;
    }),
  ]));
  routes.replaceChildren(
    make('h1', { textContent: `${api.info.title} ${api.info.version}` }),
    make('p', { textContent: api.info.description }),
    make('p', {}, make('a', { href: 'openapi.json', textContent: 'openapi.json' }), ' · ', make('a', { href: 'auth/docs/postman/complete.json', textContent: 'collection for Postman' })),
    token,
    ...parts.flatMap(({ tag, of }) => [
      make('h2', { textContent: tag.name }),
      make('p', { textContent: tag.description }),
      ...of.map(({ path, method, operation }) => drawn(path, method, operation)),
    ]));
};

fetch('openapi.json')
  .then((response) => response.json())
  .then((document) => { api = document; draw(); })
  .catch((error) => { document.getElementById('routes').textContent = `openapi.json could not be read: ${error}`; });
