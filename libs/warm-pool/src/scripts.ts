import { createScript } from "@peerbot/session-log";

// Members and decisions are JSON in two hashes: a pool is small, and every step reads it whole. The time is Redis' own,
// so that launchers and gateways whose clocks differ mean the same.
const SHARED = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function read(hash, name)
  local text = redis.call('HGET', hash, name)
  return text and cjson.decode(text)
end
local function write(hash, name, value) redis.call('HSET', hash, name, cjson.encode(value)) end
`;

/** A plan in force passes over to another one only when nobody keeps it up, or when a new launcher comes. */
export const announce = createScript(`
local plan = KEYS[1]
local mine, lasts, is_new = unpack(ARGV)
local held = redis.call('GET', plan)
if is_new == '1' or not held or held == mine then
  redis.call('SET', plan, mine, 'PX', lasts)
  return mine
end
return held
`);

/** Members that leave count, too: until they are gone they take up room. */
export const reserve = createScript(`${SHARED}
local plan, members = unpack(KEYS)
local name, generation = unpack(ARGV)
local held = redis.call('GET', plan)
if not held then return 'full' end
held = cjson.decode(held)
if held.generation ~= generation then return 'full' end
local count = 0
for _, text in ipairs(redis.call('HVALS', members)) do
  local state = cjson.decode(text).state
  if state ~= 'offered' and state ~= 'taken' then count = count + 1 end
end
if count >= held.size then return 'full' end
write(members, name, {generation = generation, state = 'starting', at = now()})
return 'reserved'
`);

export const arrive = createScript(`${SHARED}
local members, name = KEYS[1], ARGV[1]
local member = read(members, name)
if not member or member.state ~= 'starting' then return 'refused' end
member.state = 'ready'
member.seenAt = now()
write(members, name, member)
return 'ready'
`);

export const look = createScript(`${SHARED}
local members, name = KEYS[1], ARGV[1]
local member = read(members, name)
if not member or member.state == 'leaving' or member.state == 'starting' then return 'over' end
if member.state ~= 'ready' then return 'offered' end
member.seenAt = now()
write(members, name, member)
return 'waiting'
`);

export const take = createScript(`${SHARED}
local members = KEYS[1]
local name, news = unpack(ARGV)
local member = read(members, name)
if not member then return 'over' end
if member.state == 'taken' then return {cjson.encode(member.order), 1} end
if member.state ~= 'offered' then return 'over' end
member.state = 'taken'
write(members, name, member)
redis.call('PUBLISH', news, name)
return {cjson.encode(member.order), 0}
`);

export const decide = createScript(`${SHARED}
local members, decisions = unpack(KEYS)
local run, order, generation, seen_within, news = unpack(ARGV)
local made = read(decisions, run)
if made then return made.member and {made.member, 0} or 'cold' end
local at = now()
local chosen, found
local all = redis.call('HGETALL', members)
for index = 1, #all, 2 do
  local member = cjson.decode(all[index + 1])
  local name, fits = all[index], member.state == 'ready' and member.generation == generation
  fits = fits and member.seenAt >= at - seen_within
  local is_older = found and (member.at < found.at or (member.at == found.at and name < chosen))
  if fits and (not found or is_older) then chosen, found = name, member end
end
if not found then
  write(decisions, run, {at = at})
  return 'cold'
end
found.state, found.run, found.order = 'offered', run, cjson.decode(order)
write(members, chosen, found)
write(decisions, run, {at = at, member = chosen})
redis.call('PUBLISH', news, chosen)
return {chosen, 1}
`);

export const withdraw = createScript(`${SHARED}
local members, decisions = unpack(KEYS)
local run, news = unpack(ARGV)
local made = read(decisions, run)
if made and made.member then
  local member = read(members, made.member)
  if member and member.run == run then
    if member.state == 'taken' then return 'taken' end
    member.state, member.run, member.order = 'leaving', nil, nil
    write(members, made.member, member)
    redis.call('PUBLISH', news, made.member)
  end
end
write(decisions, run, {at = now()})
return 'withdrawn'
`);

export const release = createScript(`${SHARED}
local members, decisions = unpack(KEYS)
local run = ARGV[1]
local made = read(decisions, run)
redis.call('HDEL', decisions, run)
if made and made.member then
  local member = read(members, made.member)
  if member and member.run == run then redis.call('HDEL', members, made.member) end
end
return 'ok'
`);

export const retire = createScript(`${SHARED}
local members = KEYS[1]
local name, news = unpack(ARGV)
local member = read(members, name)
if not member then return 'unknown' end
if member.state == 'offered' or member.state == 'taken' then return 'assigned' end
member.state = 'leaving'
write(members, name, member)
redis.call('PUBLISH', news, name)
return 'leaving'
`);

export const drop = createScript(`${SHARED}
local members, name = KEYS[1], ARGV[1]
local member = read(members, name)
if member and member.state ~= 'offered' and member.state ~= 'taken' then redis.call('HDEL', members, name) end
return 'ok'
`);
