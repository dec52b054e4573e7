// What a provider answers when it is well, in OpenAI's and Anthropic's dialects. The answer to every prompt is one
// sentence, or calls of the tools that are offered, so that it can be checked to the letter. Both are as strict as the
// real ones where a translation could go wrong.
export const sentence = 'Die Katze schläft am Herd. 猫は眠る。😀 Gute Nacht.';
export const thought = 'Katzen schlafen viel.';
export const signature = 'RXJzdGUgU2lnbmF0dXI=/+äß';

const words = (text) => text.match(/\S+\s*/gu) ?? [];
const tokens = (value) => Math.ceil(JSON.stringify(value ?? '').length / 4);

class Refusal extends Error {
  constructor(status, type, message, param = null) {
    super(message);
    Object.assign(this, { status, type, param });
  }
}
const refuse = (condition, message, param) => {
  if (condition) throw new Refusal(400, 'invalid_request_error', message, param);
};

// How long the answer takes, as tokens: `cached` of the prompt's were read from a cache.
function took(body, plan) {
  const input = tokens(body.messages ?? body.input);
  return { input: plan.usage?.input ?? input, cached: plan.usage?.cached ?? Math.floor(input / 2), written: plan.usage?.written ?? 0, output: plan.usage?.output ?? tokens(plan.text), reasoning: plan.usage?.reasoning ?? 0 };
}

// What is said: a text, or calls.
function planned(body, how, tools, results, choice) {
  const calls = tools.length && !results && choice !== 'none' ? (choice === 'one' ? tools.slice(0, 1) : tools.slice(0, 2)) : [];
  return { text: how.text ?? (calls.length ? '' : sentence), calls: calls.map((name, i) => ({ id: `call_${i}`, name, input: { on: true, level: 1.5, place: 'Küche' } })), usage: how.usage, thinks: Boolean(body.thinking ?? body.reasoning_effort) && body.thinking?.type !== 'disabled' };
}

const numbered = (list) => list.map(([type, data], sequence_number) => ({ type, data: { type, ...data, sequence_number } }));

export const openai = {
  error: (status, message, type = status >= 500 ? 'server_error' : 'invalid_request_error', param = null) => ({ error: { message, type, param, code: null } }),
  key: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  chat(body, how) {
    refuse(!Array.isArray(body.messages) || body.messages.length === 0, 'messages must not be empty', 'messages');
    const tools = (body.tools ?? []).map((t) => t.function.name);
    const plan = planned(body, how, tools, body.messages.at(-1).role === 'tool', body.tool_choice === 'none' ? 'none' : body.parallel_tool_calls === false ? 'one' : 'any');
    const use = took(body, plan);
    const usage = { prompt_tokens: use.input, completion_tokens: use.output, total_tokens: use.input + use.output, prompt_tokens_details: { cached_tokens: use.cached }, completion_tokens_details: { reasoning_tokens: use.reasoning } };
    const calls = plan.calls.map(({ id, name, input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }));
    const finish = calls.length ? 'tool_calls' : 'stop';
    const head = { id: 'chatcmpl-1', created: 1700000000, model: body.model };
    if (!body.stream) {
      const message = { role: 'assistant', content: plan.text || null, refusal: null, ...(calls.length ? { tool_calls: calls } : {}) };
      return { whole: { ...head, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: finish }], usage } };
    }
    const chunk = (delta, finish_reason = null) => ({ data: { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }], ...(body.stream_options?.include_usage ? { usage: null } : {}) } });
    const events = [chunk({ role: 'assistant', content: '' }), ...words(plan.text).map((content) => chunk({ content }))];
    calls.forEach((call, index) => {
      events.push(chunk({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: '' } }] }));
      for (const piece of call.function.arguments.match(/.{1,7}/gsu)) events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    });
    events.push(chunk({}, finish));
    if (body.stream_options?.include_usage && !how.noUsage) events.push({ data: { ...head, object: 'chat.completion.chunk', choices: [], usage } });
    events.push({ text: '[DONE]' });
    return { events };
  },
  // `kept`: ids of the answers that this provider has kept.
  responses(body, how, headers, kept = new Set()) {
    refuse(body.previous_response_id && !kept.has(body.previous_response_id), `Previous response with id '${body.previous_response_id}' not found.`, 'previous_response_id');
    const asked = [body.input].flat();
    refuse(asked.some((item) => item?.type === 'reasoning' && item.encrypted_content !== undefined && item.encrypted_content !== signature), 'The encrypted content could not be verified.', 'input');
    const functions = (body.tools ?? []).filter((tool) => tool.type === 'function').map((tool) => tool.name);
    const searches = (body.tools ?? []).some((tool) => tool.type === 'web_search');
    const plan = planned(body, how, functions, /_output$/.test(asked.at(-1)?.type), body.tool_choice === 'none' ? 'none' : body.parallel_tool_calls === false ? 'one' : 'any');
    const use = took(body, plan);
    const usage = { input_tokens: use.input, input_tokens_details: { cached_tokens: use.cached }, output_tokens: use.output, output_tokens_details: { reasoning_tokens: use.reasoning }, total_tokens: use.input + use.output };
    const id = how.id ?? `resp_${Math.random().toString(36).slice(2)}`;
    if (body.store !== false) kept.add(id);
    const sealed = body.include?.includes('reasoning.encrypted_content') ? { encrypted_content: signature } : {};
    const items = [
      ...(body.reasoning ? [{ id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: thought }], ...sealed }] : []),
      ...(searches ? [{ id: 'ws_1', type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'cats' } }] : []),
      ...(plan.text ? [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: plan.text, annotations: [] }] }] : []),
      ...plan.calls.map(({ id: call_id, name, input }, i) => ({ id: `fc_${i}`, type: 'function_call', status: 'completed', call_id, name, arguments: JSON.stringify(input) })),
    ];
    const { model, previous_response_id = null, store = true } = body;
    const status = how.status ?? 'completed';
    const response = (status, output, more = {}) => ({ id, object: 'response', created_at: 1700000000, model, status, error: null, incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null, output, previous_response_id, store, usage: status === 'in_progress' ? null : usage, ...more });
    if (!body.stream) return { whole: response(status, items, how.failed ? { status: 'failed', error: how.failed } : {}) };
    const list = [['response.created', { response: response('in_progress', []) }], ['response.in_progress', { response: response('in_progress', []) }]];
    if (how.failed) return { events: numbered([...list, ['response.failed', { response: response('failed', [], { error: how.failed }) }]]) };
    items.forEach((item, output_index) => {
      const at = { item_id: item.id, output_index };
      const pieces = (type, place, text) => text.match(/.{1,5}/gsu).map((delta) => [type, { ...place, delta }]);
      list.push(['response.output_item.added', { output_index, item: { ...item, content: item.content && [], summary: item.summary && [], arguments: item.arguments && '', status: item.status && 'in_progress' } }]);
      if (item.type === 'reasoning') {
        const place = { ...at, summary_index: 0 };
        list.push(['response.reasoning_summary_part.added', { ...place, part: { type: 'summary_text', text: '' } }], ...pieces('response.reasoning_summary_text.delta', place, thought), ['response.reasoning_summary_text.done', { ...place, text: thought }]);
        list.push(['response.reasoning_summary_part.done', { ...place, part: item.summary[0] }]);
      } else if (item.type === 'message') {
        const place = { ...at, content_index: 0 };
        list.push(['response.content_part.added', { ...place, part: { type: 'output_text', text: '', annotations: [] } }], ...pieces('response.output_text.delta', place, plan.text), ['response.output_text.done', { ...place, text: plan.text }]);
        list.push(['response.content_part.done', { ...place, part: item.content[0] }]);
      } else if (item.type === 'function_call') {
        list.push(...pieces('response.function_call_arguments.delta', at, item.arguments), ['response.function_call_arguments.done', { ...at, name: item.name, arguments: item.arguments }]);
      } else {
        list.push(['response.web_search_call.in_progress', at], ['response.web_search_call.searching', at], ['response.web_search_call.completed', at]);
      }
      list.push(['response.output_item.done', { output_index, item }]);
    });
    list.push([`response.${status}`, { response: response(status, items, how.noUsage ? { usage: null } : {}) }]);
    if (how.failsAfter) list.splice(how.failsAfter, list.length, ['response.failed', { response: response('failed', [], { error: { code: 'server_error', message: 'The model has failed.' } }) }]);
    return { events: numbered(list) };
  },
  embeddings(body) {
    const input = [body.input].flat();
    const vector = [0.6, 0.8, 0];
    const embedding = body.encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
    return { whole: { object: 'list', model: body.model, data: input.map((_, index) => ({ object: 'embedding', index, embedding })), usage: { prompt_tokens: tokens(input), total_tokens: tokens(input) } } };
  },
};

// What the Messages API knows; anything else is an error there.
const known = ['model', 'messages', 'max_tokens', 'system', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'tools', 'tool_choice', 'metadata', 'thinking', 'output_config', 'cache_control', 'service_tier', 'container', 'context_management', 'inference_geo', 'mcp_servers'];

function checkMessages(messages) {
  let owed = [];
  for (const { role, content, ...rest } of messages) {
    refuse(Object.keys(rest).length > 0, `messages: Extra inputs are not permitted: ${Object.keys(rest)}`);
    refuse(role !== 'user' && role !== 'assistant', `messages: Unexpected role "${role}"`);
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    refuse(!Array.isArray(blocks) || blocks.length === 0, 'messages: content must not be empty');
    const results = blocks.filter((b) => b.type === 'tool_result').map((b) => b.tool_use_id);
    refuse(owed.some((id) => !results.includes(id)), 'messages: `tool_use` ids were found without `tool_result` blocks immediately after');
    refuse(results.some((id) => !owed.includes(id)), 'messages: unexpected `tool_use_id` found in `tool_result` blocks');
    for (const block of blocks) {
      refuse(block.type === 'text' && !block.text, 'messages: text content blocks must be non-empty');
      refuse(block.type === 'tool_use' && (typeof block.input !== 'object' || !/^[\w-]+$/.test(block.id)), 'messages: tool_use.input: Input should be a valid dictionary');
      refuse(block.type === 'thinking' && (block.signature !== signature || block.thinking !== thought), 'messages: Invalid `signature` in `thinking` block');
      refuse(block.type === 'image' && !['base64', 'url'].includes(block.source?.type), 'messages: image.source: Field required');
    }
    owed = blocks.filter((b) => b.type === 'tool_use').map((b) => b.id);
  }
  refuse(owed.length > 0, 'messages: `tool_use` ids were found without `tool_result` blocks immediately after');
}

export const anthropic = {
  error: (status, message, type) => ({ type: 'error', error: { type: type ?? { 400: 'invalid_request_error', 401: 'authentication_error', 403: 'permission_error', 404: 'not_found_error', 413: 'request_too_large', 429: 'rate_limit_error', 529: 'overloaded_error' }[status] ?? 'api_error', message }, request_id: 'req_1' }),
  key: (headers) => headers['x-api-key'],
  messages(body, how, headers) {
    refuse(!headers['anthropic-version'], 'anthropic-version: header is required');
    const unknown = Object.keys(body).filter((name) => !known.includes(name));
    refuse(unknown.length > 0, `${unknown[0]}: Extra inputs are not permitted`);
    refuse(!Number.isInteger(body.max_tokens), 'max_tokens: Field required');
    refuse(body.temperature < 0 || body.temperature > 1, 'temperature: range: 0..1');
    refuse(!Array.isArray(body.messages) || body.messages.length === 0, 'messages: at least one message is required');
    checkMessages(body.messages);
    refuse(body.tool_choice && !body.tools, 'tool_choice may only be specified while providing tools');
    refuse(body.tool_choice && typeof body.tool_choice !== 'object', 'tool_choice: Input should be an object');
    const last = body.messages.at(-1).content;
    const results = Array.isArray(last) && last.some((b) => b.type === 'tool_result');
    const plan = planned(body, how, (body.tools ?? []).map((t) => t.name), results, body.tool_choice?.type === 'none' ? 'none' : body.tool_choice?.disable_parallel_tool_use ? 'one' : 'any');
    const use = took(body, plan);
    const usage = { input_tokens: use.input - use.cached - use.written, cache_creation_input_tokens: use.written, cache_read_input_tokens: use.cached, output_tokens: use.output, output_tokens_details: { thinking_tokens: use.reasoning } };
    const stop_reason = plan.calls.length ? 'tool_use' : 'end_turn';
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage };
    const content = [
      ...(plan.thinks ? [{ type: 'thinking', thinking: thought, signature }] : []),
      ...(plan.text ? [{ type: 'text', text: plan.text }] : []),
      ...plan.calls.map((call) => ({ type: 'tool_use', ...call })),
    ];
    if (!body.stream) return { whole: { ...message, content, stop_reason } };
    const event = (type, data = {}) => ({ type, data: { type, ...data } });
    const events = [event('message_start', { message: { ...message, usage: { ...usage, output_tokens: 1 } } }), event('ping')];
    content.forEach((block, index) => {
      const delta = (type, rest) => event('content_block_delta', { index, delta: { type, ...rest } });
      if (block.type === 'thinking') {
        events.push(event('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } }));
        for (const thinking of words(block.thinking)) events.push(delta('thinking_delta', { thinking }));
        events.push(delta('signature_delta', { signature }));
      } else if (block.type === 'text') {
        events.push(event('content_block_start', { index, content_block: { type: 'text', text: '' } }));
        for (const text of words(block.text)) events.push(delta('text_delta', { text }));
      } else {
        events.push(event('content_block_start', { index, content_block: { ...block, input: {} } }));
        for (const partial_json of ['', ...JSON.stringify(block.input).match(/.{1,7}/gsu)]) events.push(delta('input_json_delta', { partial_json }));
      }
      events.push(event('content_block_stop', { index }));
    });
    events.push(event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: how.noUsage ? { output_tokens: 0 } : usage }), event('message_stop'));
    return { events };
  },
  countTokens: (body) => ({ whole: { input_tokens: tokens(body.messages) } }),
};

export const routes = {
  '/v1/chat/completions': [openai, 'chat'],
  '/v1/responses': [openai, 'responses'],
  '/v1/embeddings': [openai, 'embeddings'],
  '/v1/messages': [anthropic, 'messages'],
  '/v1/messages/count_tokens': [anthropic, 'countTokens'],
};
