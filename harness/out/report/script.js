// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of the class "sortable" sort by a click on a heading, and filter by words and verdict. Without scripts they are plain tables.
"use strict";
(() => {
	const value = (row, column) => {
		const cell = row.cells[column];
		if (!("value" in cell.dataset))
			return cell.textContent.trim();
		return cell.dataset.value === "" ? NaN : Number(cell.dataset.value);
	};
	// Numbers before words; what is missing stays last, in either direction.
	const order = (a, b, sign) => {
		const number = (x) => typeof x === "number";
		if (Number.isNaN(a) || Number.isNaN(b))
			return Number.isNaN(a) - Number.isNaN(b);
		if (number(a) && number(b))
			return sign * (a - b);
		if (number(a) !== number(b))
			return number(a) ? -1 : 1;
		return sign * a.localeCompare(b, "en", { numeric: true });
	};
	const sort = (table, head) => {
		const up = head.getAttribute("aria-sort") === "ascending";
		const rows = [...table.tBodies[0].rows];
		for (const other of table.tHead.rows[0].cells)
			other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", up ? "descending" : "ascending");
		rows.sort((a, b) => order(value(a, head.cellIndex), value(b, head.cellIndex), up ? -1 : 1));
		table.tBodies[0].append(...rows);
	};
	// The first column stays while its box scrolls, and the keyboard may come to a heading below it.
	const uncover = (table, head) => {
		const first = table.tHead.rows[0].cells[0];
		if (head !== first)
			table.parentElement.scrollLeft -= Math.max(0, first.getBoundingClientRect().right - head.getBoundingClientRect().left);
	};
	const buttons = (table) => {
		for (const head of table.tHead.rows[0].cells) {
			if (head.dataset.sort === "no")
				continue;
			const button = document.createElement("button");
			button.type = "button";
			button.append(...head.childNodes);
			button.addEventListener("click", () => sort(table, head));
			button.addEventListener("focus", () => uncover(table, head));
			head.append(button);
		}
	};
	const labelled = (text, control) => {
		const label = document.createElement("label");
		label.append(text, control);
		return label;
	};
	const filter = (table) => {
		const rows = [...table.tBodies[0].rows];
		const bar = document.createElement("div"), words = document.createElement("input");
		const verdict = document.createElement("select"), count = document.createElement("span");
		const verdicts = [...new Set(rows.map((row) => row.dataset.verdict).filter(Boolean))];
		const apply = () => {
			const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
			let nr = 0;
			for (const row of rows) {
				const text = row.textContent.toLowerCase();
				row.hidden = !wanted.every((word) => text.includes(word)) ||
					(verdict.value !== "" && row.dataset.verdict !== verdict.value);
				nr += !row.hidden;
			}
			count.textContent = nr === rows.length ? `${nr} rows` : `${nr} of ${rows.length} rows`;
		};
		bar.className = "filter";
		words.type = "search";
		words.placeholder = "fault child";
		count.setAttribute("role", "status");
		verdict.append(new Option("all", ""), ...verdicts.map((name) => new Option(name)));
		words.addEventListener("input", apply);
		verdict.addEventListener("change", apply);
		bar.append(labelled("Rows with", words));
		if (verdicts.length > 1)
			bar.append(labelled("Verdict", verdict));
		bar.append(count);
		table.parentElement.before(bar);
		apply();
	};
	for (const table of document.querySelectorAll("table.sortable")) {
		buttons(table);
		if (table.tBodies[0].rows.length > 3)
			filter(table);
	}
})();
