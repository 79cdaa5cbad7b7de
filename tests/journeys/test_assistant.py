"""What somebody does who answers customers with the Assistant, in a real browser."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def ask(reader, question: str) -> None:
    box = reader.page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    reader.page.get_by_text("Details for engineers").first.wait_for()
    reader.settle()


def test_a_question_is_answered_with_its_source_and_judged(full_app, visit):
    reader = visit(full_app)
    reader.go("/assistant")
    assert reader.title() == "What would you like to know about Lepton AI?"
    ask(reader, "How much would a licence for 30 users cost us?")
    talk = reader.page.get_by_test_id("stChatMessage")
    expect(talk).to_have_count(2)
    expect(talk.last).to_contain_text("You pay a yearly licence for each site")
    expect(talk.last).to_contain_text("confidence 9")

    talk.last.get_by_text("Source: Price · How much does it cost? · price").click()
    expect(talk.last).to_contain_text("Entry price, line 22 of the file, English")

    talk.last.get_by_role("radio", name="Thumbs up").click()
    expect(reader.page.get_by_text("Replies judged: 1; helpful: 100 %")).to_be_visible()
    reader.go("/assistant")  # another session: the verdict was kept, the conversation was not
    expect(reader.page.get_by_text("Replies judged: 1; helpful: 100 %")).to_be_visible()
    expect(talk).to_have_count(0)


def test_a_doubt_is_asked_back_and_off_topic_is_handed_over(full_app, visit):
    reader = visit(full_app)
    reader.go("/assistant")
    ask(reader, "How much is it?")
    reader.page.get_by_role("button", name="How much does it cost?").click()
    expect(reader.page.get_by_test_id("stChatMessage").last).to_contain_text("You pay a yearly licence")
    reader.settle()

    ask(reader, "Who won the **football** match [last night](http://example.org)?")
    last = reader.page.get_by_test_id("stChatMessage").last
    expect(last).to_contain_text("A person takes over from here and sees this conversation.")
    expect(last.get_by_test_id("stCode")).to_contain_text("> Who won the **football** match")
    assert reader.page.get_by_role("link", name="last night").count() == 0

    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="Transcript").click()
    assert "> How much is it?" in taken.value.path().read_text(encoding="utf-8-sig")


def test_a_wrong_file_is_refused_and_a_right_one_is_answered_from(full_app, visit):
    reader = visit(full_app)
    reader.go("/assistant")
    chooser = reader.page.get_by_test_id("stFileUploaderDropzoneInput")
    chooser.set_input_files({"name": "wrong.csv", "mimeType": "text/csv", "buffer": b"frage,antwort\nA,B\n"})
    expect(reader.page.get_by_text("wrong.csv was not taken: 2 fault(s).")).to_be_visible()
    expect(reader.page.get_by_text("The column 'question' is missing")).to_be_visible()
    reader.settle()

    shop = b"# Opening hours\nFrom nine to five.\n# Returns\nWithin thirty days.\n"
    chooser.set_input_files({"name": "shop.md", "mimeType": "text/markdown", "buffer": shop})
    expect(reader.page.locator("h1")).to_have_text("What would you like to know about shop.md?")
    reader.settle()
    ask(reader, "What are your opening hours?")
    expect(reader.page.get_by_test_id("stChatMessage").last).to_contain_text("From nine to five.")
