// All suites in one process, so that each browser starts once. Each also runs by itself: node --test judge/live.js

import './offers.js'
import './answers.js'
import './changed.js'
import './browsers.js'
import './scenes.js'
import './readers.js'
import './live.js'
