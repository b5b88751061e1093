/* The timeline: where on the recorded path the playhead stands, and the way back to now. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});

  L.Timeline = class Timeline {
    constructor(player) {
      this.player = player;
      this.slider = document.createElement("input");
      Object.assign(this.slider, { type: "range", min: "0", max: "1", step: "any", value: "0", id: "scrub" });
      this.slider.setAttribute("aria-label", "Step shown");
      document.getElementById("scrub-mount").replaceChildren(this.slider);
      this.slider.addEventListener("input", () => player.seek(Number(this.slider.value)));
      document.getElementById("replay").addEventListener("click", () => player.replay());
      document.getElementById("newest").addEventListener("click", () => player.catchUp());
    }

    update() {
      const { slider, player } = this, newest = player.newest();
      slider.max = String(Math.max(newest, 1));
      if (document.activeElement !== slider || player.follow || player.replaying) slider.value = String(player.head);
      slider.style.setProperty("--share", newest ? (100 * player.head) / newest + "%" : "0%");
      if (!player.points.length) return;
      const step = player.points.at(player.head).step;
      slider.setAttribute("aria-valuetext", "step " + step);
      player.stage.classList.toggle("following", player.follow);
    }

    /** Move the playhead by whole points. */
    nudge(points) {
      this.player.seek(Math.round(this.player.head) + points);
    }
  };
})();
