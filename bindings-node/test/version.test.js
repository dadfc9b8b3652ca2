const assert = require('node:assert')
const test = require('node:test')

const hullmark = require('..')

test('version is that of the package', () => {
  assert.strictEqual(hullmark.version(), require('../package.json').version)
})
