"""PyTorch's side of `cargo course measure ppo-speed`: PPO on CartPole-v1 in one plain file, with lesson 10's defaults.

    python benches/ppo.py [--iterations 40] [--threads 1] [--seed 0]

needs torch, numpy and gymnasium. It prints one line of JSON: steps of the environments a second while acting, updates a second
while updating (an update is one minibatch through actor and critic), both again over the whole time, and the mean return of
the last episodes. The first iterations, a tenth of them, don't count.
"""

import argparse
import json
import time

import gymnasium
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

ACTORS, HORIZON, EPOCHS, MINIBATCHES = 4, 128, 4, 4
GAMMA, LAMBDA, EPSILON = 0.99, 0.98, 0.2
VALUE, ENTROPY, RATE = 0.5, 0.01, 2.5e-4


def mlp(outputs):
    return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


def generalised_advantages(rewards, values, following, terminated, done):
    """All (HORIZON, ACTORS); `following` is V of the state that each step led to."""
    advantages, after = np.zeros_like(rewards), np.zeros(ACTORS, dtype=np.float32)
    for t in reversed(range(HORIZON)):
        delta = rewards[t] + GAMMA * following[t] * (1 - terminated[t]) - values[t]
        after = delta + GAMMA * LAMBDA * (1 - done[t]) * after
        advantages[t] = after
    return advantages


class Ppo:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.envs = gymnasium.vector.SyncVectorEnv(
            [lambda: gymnasium.make("CartPole-v1") for _ in range(ACTORS)],
            autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP,
        )
        self.actor, self.critic = mlp(2), mlp(1)
        self.of_actor = torch.optim.Adam(self.actor.parameters(), lr=RATE)
        self.of_critic = torch.optim.Adam(self.critic.parameters(), lr=RATE)
        self.seen = torch.as_tensor(self.envs.reset(seed=seed)[0])
        self.lengths, self.returns = np.zeros(ACTORS), []

    @torch.no_grad()
    def act(self):
        shape = (HORIZON, ACTORS)
        states = torch.zeros(*shape, 4)
        actions = torch.zeros(shape, dtype=torch.long)
        logs = torch.zeros(shape)
        rewards, values, following = (np.zeros(shape, dtype=np.float32) for _ in range(3))
        terminated, done = (np.zeros(shape, dtype=np.float32) for _ in range(2))
        for t in range(HORIZON):
            policy = Categorical(logits=self.actor(self.seen))
            action = policy.sample()
            states[t], actions[t], logs[t] = self.seen, action, policy.log_prob(action)
            values[t] = self.critic(self.seen).squeeze(-1).numpy()
            if t > 0:
                following[t - 1] = np.where(done[t - 1] == 1, following[t - 1], values[t])
            after, rewards[t], ended, truncated, info = self.envs.step(action.numpy())
            self.seen = torch.as_tensor(after)
            terminated[t], done[t] = ended, ended | truncated
            self.lengths += 1
            for env in np.flatnonzero(done[t]):
                self.returns.append(self.lengths[env])
                self.lengths[env] = 0
                if truncated[env]:
                    last = torch.as_tensor(info["final_obs"][env])
                    following[t, env] = self.critic(last).item()
        last = self.critic(self.seen).squeeze(-1).numpy()
        following[-1] = np.where(done[-1] == 1, following[-1], last)
        advantages = generalised_advantages(rewards, values, following, terminated, done)
        flat = lambda array: torch.as_tensor(array).reshape(-1)
        return states.reshape(-1, 4), flat(actions), flat(logs), flat(advantages), flat(advantages + values)

    def update(self, rollout):
        size = ACTORS * HORIZON // MINIBATCHES
        for _ in range(EPOCHS):
            for batch in torch.randperm(ACTORS * HORIZON).split(size):
                states, actions, logs, advantages, targets = (part[batch] for part in rollout)
                advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
                policy = Categorical(logits=self.actor(states))
                ratio = (policy.log_prob(actions) - logs).exp()
                clipped = ratio.clamp(1 - EPSILON, 1 + EPSILON)
                gained = torch.min(ratio * advantages, clipped * advantages).mean()
                of_value = 0.5 * (self.critic(states).squeeze(-1) - targets).square().mean()
                loss = VALUE * of_value - gained - ENTROPY * policy.entropy().mean()
                self.of_actor.zero_grad()
                self.of_critic.zero_grad()
                loss.backward()
                self.of_actor.step()
                self.of_critic.step()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    ppo, acting, updating, counted = Ppo(asked.seed), 0.0, 0.0, 0
    for iteration in range(asked.iterations):
        begun = time.perf_counter()
        rollout = ppo.act()
        acted = time.perf_counter()
        ppo.update(rollout)
        if iteration >= asked.iterations // 10:
            acting, updating, counted = acting + acted - begun, updating + time.perf_counter() - acted, counted + 1
    steps, updates = counted * ACTORS * HORIZON, counted * EPOCHS * MINIBATCHES
    told = {
        "version": f"pytorch {torch.__version__}, gymnasium {gymnasium.__version__}",
        "steps": steps / acting,
        "updates": updates / updating,
        "all_steps": steps / (acting + updating),
        "all_updates": updates / (acting + updating),
        "return": float(np.mean(ppo.returns[-100:])),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
